package dev.fenceline.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.concurrent.Transfers;
import dev.fenceline.device.v1.PeerAccessBatch;
import dev.fenceline.device.v1.PeerMemoryServiceGrpc;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.security.TransportSecurity;
import dev.fenceline.transfer.v1.DmaReplyBatch;
import dev.fenceline.wire.DmaCodec;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The way to an agent that answers everything with what was asked. */
class GrpcPeerConnectorTest {
  private final GrpcPeerConnector connector =
      new GrpcPeerConnector("", TransportSecurity.plaintext());
  private Server server;

  @BeforeEach
  void start() throws Exception {
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(new Agent())
            .build()
            .start();
  }

  @AfterEach
  void stop() {
    connector.close();
    server.shutdownNow();
  }

  private static final class Agent extends PeerMemoryServiceGrpc.PeerMemoryServiceImplBase {
    @Override
    public StreamObserver<PeerAccessBatch> access(StreamObserver<DmaReplyBatch> replies) {
      return new StreamObserver<>() {
        @Override
        public void onNext(PeerAccessBatch batch) {
          DmaReplyBatch.Builder answers = DmaReplyBatch.newBuilder();
          batch
              .getRequestsList()
              .forEach(
                  request ->
                      answers.addReplies(
                          DmaCodec.encode(
                              new DmaReply(
                                  request.getRequestId(),
                                  DmaReply.Outcome.DONE,
                                  new byte[0],
                                  request.getRequestId(),
                                  ""))));
          replies.onNext(answers.build());
        }

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {
          replies.onCompleted();
        }
      };
    }
  }

  private Transfers.Result ask(Transfers transfers) throws InterruptedException {
    return transfers.perform(
        new DmaRequest(
            transfers.nextId(),
            1,
            9,
            1,
            0,
            0,
            8,
            DmaRequest.Operation.FETCH_ADD,
            new int[] {1},
            new byte[0],
            1,
            0));
  }

  private Transfers transfers() {
    Transfers made =
        new Transfers(
            listener -> connector.open("127.0.0.1:" + server.getPort(), "host", listener));
    made.beginSession(9);
    return made;
  }

  @Test
  void forgottenTarget_keepsNoChannel_andIsDialledAnew() throws Exception {
    for (int round = 0; round < 3; round++) {
      Transfers transfers = transfers();
      assertThat(ask(transfers)).isInstanceOf(Transfers.Result.Answered.class);
      assertThat(connector.targets()).isEqualTo(1);

      transfers.endSession();
      connector.forget("127.0.0.1:" + server.getPort());
      connector.forget("127.0.0.1:1"); // never dialled

      assertThat(connector.targets()).isZero();
    }
  }
}
