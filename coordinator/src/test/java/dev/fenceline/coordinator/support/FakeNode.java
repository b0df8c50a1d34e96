package dev.fenceline.coordinator.support;

import dev.fenceline.registry.v1.CoordinatorUpdate;
import dev.fenceline.registry.v1.NodeReport;
import dev.fenceline.registry.v1.RegistryServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * The registering half of a node, as a node does it: reports at the interval that the coordinator
 * names, and dials again when the stream breaks. Thread-safe.
 */
public final class FakeNode implements AutoCloseable {
  private static final long REDIAL_MILLIS = 20;

  private final ManagedChannel channel;
  private final Supplier<NodeReport> report;
  private final boolean redials;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(Thread.ofVirtual().factory());

  /** What the coordinator said, in order. */
  public final LinkedBlockingQueue<CoordinatorUpdate> updates = new LinkedBlockingQueue<>();

  /** How streams ended. */
  public final LinkedBlockingQueue<Status> ends = new LinkedBlockingQueue<>();

  private volatile StreamObserver<NodeReport> reports;
  private volatile boolean stopped;
  private volatile boolean mute;
  private final AtomicBoolean scheduled = new AtomicBoolean();

  private FakeNode(int port, Supplier<NodeReport> report, boolean redials) {
    this(
        NettyChannelBuilder.forAddress("localhost", port).usePlaintext().directExecutor().build(),
        report,
        redials);
  }

  private FakeNode(ManagedChannel channel, Supplier<NodeReport> report, boolean redials) {
    this.channel = channel;
    this.report = report;
    this.redials = redials;
  }

  /** A node that reports and dials again when its stream breaks. */
  public static FakeNode reporting(int coordinatorPort, Supplier<NodeReport> report) {
    FakeNode node = new FakeNode(coordinatorPort, report, true);
    node.dial();
    return node;
  }

  /** A node that gives up when its stream breaks. */
  public static FakeNode once(int coordinatorPort, Supplier<NodeReport> report) {
    FakeNode node = new FakeNode(coordinatorPort, report, false);
    node.dial();
    return node;
  }

  /** A node that gives up when its stream breaks, over a channel of its own making. */
  public static FakeNode once(ManagedChannel channel, Supplier<NodeReport> report) {
    FakeNode node = new FakeNode(channel, report, false);
    node.dial();
    return node;
  }

  /** Says nothing any more while the stream stays open, as a stopped process does. */
  public void fallSilent() {
    mute = true;
  }

  /** Speaks again after it fell silent; a stream that stood meanwhile is told at once. */
  public void speakAgain() {
    mute = false;
    timer.execute(this::sendReport);
  }

  /** Says goodbye. */
  public void leave() {
    stopped = true;
    reports.onNext(report.get().toBuilder().setLeaving(true).build());
  }

  private void dial() {
    if (stopped) {
      return;
    }
    channel.resetConnectBackoff();
    reports =
        RegistryServiceGrpc.newStub(channel)
            .register(
                new StreamObserver<>() {
                  @Override
                  public void onNext(CoordinatorUpdate update) {
                    updates.add(update);
                    reportIn(update.getReportIntervalNanos());
                  }

                  @Override
                  public void onError(Throwable failure) {
                    ended(Status.fromThrowable(failure));
                  }

                  @Override
                  public void onCompleted() {
                    ended(Status.OK);
                  }
                });
    sendReport();
  }

  /** One report is on its way at a time, however many updates come meanwhile. */
  private void reportIn(long nanos) {
    if (!timer.isShutdown() && scheduled.compareAndSet(false, true)) {
      timer.schedule(this::sendReport, nanos, TimeUnit.NANOSECONDS);
    }
  }

  private void ended(Status status) {
    ends.add(status);
    if (redials && !timer.isShutdown()) {
      timer.schedule(this::dial, REDIAL_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private void sendReport() {
    scheduled.set(false);
    if (!mute && !stopped) {
      try {
        reports.onNext(report.get());
      } catch (IllegalStateException streamEnded) {
        // Its end is reported by the observer.
      }
    }
  }

  @Override
  public void close() {
    stopped = true;
    timer.shutdownNow();
    channel.shutdownNow();
  }
}
