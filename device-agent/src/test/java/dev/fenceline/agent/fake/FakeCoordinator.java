package dev.fenceline.agent.fake;

import dev.fenceline.registry.v1.CoordinatorUpdate;
import dev.fenceline.registry.v1.HostEndpoint;
import dev.fenceline.registry.v1.NodeReport;
import dev.fenceline.registry.v1.RegistryServiceGrpc;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A coordinator that knows one host: it says {@code recovering} first, then names the host. The
 * first stream is broken off. Thread-safe.
 */
public final class FakeCoordinator extends RegistryServiceGrpc.RegistryServiceImplBase
    implements AutoCloseable {
  private final String hostTarget;
  private final Server server;
  private final CountDownLatch attached = new CountDownLatch(1);
  private volatile int streams;
  private volatile boolean left;

  public FakeCoordinator(String hostTarget) throws IOException {
    this.hostTarget = hostTarget;
    this.server = NettyServerBuilder.forPort(0).directExecutor().addService(this).build().start();
  }

  public String target() {
    return "localhost:" + server.getPort();
  }

  public boolean hasLeft() {
    return left;
  }

  /** Until an agent has reported that it is attached. */
  public void awaitAttachedReport() throws InterruptedException {
    if (!attached.await(60, TimeUnit.SECONDS)) {
      throw new AssertionError("no agent reported that it is attached");
    }
  }

  @Override
  public synchronized StreamObserver<NodeReport> register(
      StreamObserver<CoordinatorUpdate> responses) {
    streams++;
    boolean first = streams == 1;
    return new StreamObserver<>() {
      @Override
      public void onNext(NodeReport report) {
        left |= report.getLeaving();
        boolean any =
            report.getAgent().getLinksList().stream()
                .anyMatch(link -> link.getState().equals("attached"));
        if (any) {
          attached.countDown();
        }
        CoordinatorUpdate.Builder update =
            CoordinatorUpdate.newBuilder().setReportIntervalNanos(20_000_000).setRecovering(first);
        if (first) {
          responses.onNext(update.build());
          responses.onError(io.grpc.Status.UNAVAILABLE.asRuntimeException());
        } else if (!report.getLeaving()) {
          responses.onNext(
              update
                  .addHosts(HostEndpoint.newBuilder().setHostId("fake").setEndpoint(hostTarget))
                  .build());
        }
      }

      @Override
      public void onError(Throwable failure) {}

      @Override
      public void onCompleted() {
        responses.onCompleted();
      }
    };
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}
