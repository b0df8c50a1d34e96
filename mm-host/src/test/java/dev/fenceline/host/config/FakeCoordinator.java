package dev.fenceline.host.config;

import dev.fenceline.registry.v1.CoordinatorUpdate;
import dev.fenceline.registry.v1.NodeReport;
import dev.fenceline.registry.v1.RegistryServiceGrpc;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A coordinator that asks for reports every 20 ms and can go away and come back. Thread-safe. */
final class FakeCoordinator extends RegistryServiceGrpc.RegistryServiceImplBase
    implements AutoCloseable {
  private final List<NodeReport> reports = new CopyOnWriteArrayList<>();
  private Server server;

  FakeCoordinator() {
    server = start(0);
  }

  int port() {
    return server.getPort();
  }

  List<NodeReport> reports() {
    return reports;
  }

  void goAway() throws InterruptedException {
    server.shutdownNow().awaitTermination();
  }

  void comeBack(int port) {
    server = start(port);
  }

  private Server start(int port) {
    try {
      return NettyServerBuilder.forAddress(
              new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
          .addService(this)
          .build()
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public StreamObserver<NodeReport> register(StreamObserver<CoordinatorUpdate> updates) {
    return new StreamObserver<>() {
      @Override
      public void onNext(NodeReport report) {
        reports.add(report);
        updates.onNext(
            CoordinatorUpdate.newBuilder()
                .setCoordinatorBootToken(5)
                .setReportIntervalNanos(20_000_000)
                .build());
      }

      @Override
      public void onError(Throwable failure) {}

      @Override
      public void onCompleted() {
        updates.onCompleted();
      }
    };
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}
