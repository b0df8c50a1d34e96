package dev.fenceline.security;

import dev.fenceline.attach.v1.AgentBatch;
import dev.fenceline.attach.v1.AttachServiceGrpc;
import dev.fenceline.attach.v1.HostBatch;
import dev.fenceline.query.v1.GetHostRequest;
import dev.fenceline.query.v1.HostInfo;
import dev.fenceline.query.v1.HostQueryServiceGrpc;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.function.Consumer;

/** A server on loopback that answers who calls. Thread-safe. */
final class TestServer implements AutoCloseable {
  private final Server server;

  private TestServer(Server server) {
    this.server = server;
  }

  static TestServer start(TransportSecurity security) throws IOException {
    return start(security, builder -> {});
  }

  static TestServer start(TransportSecurity security, Consumer<NettyServerBuilder> more)
      throws IOException {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            security.serverCredentials());
    security.guard(builder);
    more.accept(builder);
    return new TestServer(builder.addService(new Queries()).addService(new Echo()).build().start());
  }

  String target() {
    return "localhost:" + server.getPort();
  }

  int port() {
    return server.getPort();
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  private static final class Queries extends HostQueryServiceGrpc.HostQueryServiceImplBase {
    @Override
    public void getHost(GetHostRequest request, StreamObserver<HostInfo> answers) {
      String peer =
          switch (Peer.current()) {
            case Peer.Unverified ignored -> "nobody";
            case Peer.Verified verified -> verified.identity().toString();
          };
      answers.onNext(HostInfo.newBuilder().setHostId(peer).build());
      answers.onCompleted();
    }
  }

  /** Answers each message with an empty one. */
  private static final class Echo extends AttachServiceGrpc.AttachServiceImplBase {
    @Override
    public StreamObserver<AgentBatch> attach(StreamObserver<HostBatch> answers) {
      return new StreamObserver<>() {
        @Override
        public void onNext(AgentBatch batch) {
          answers.onNext(HostBatch.newBuilder().setSessionId(batch.getSessionId()).build());
        }

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {
          answers.onCompleted();
        }
      };
    }
  }
}
