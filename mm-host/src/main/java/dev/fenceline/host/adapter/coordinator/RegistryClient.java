package dev.fenceline.host.adapter.coordinator;

import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.registry.v1.CoordinatorUpdate;
import dev.fenceline.registry.v1.HostReport;
import dev.fenceline.registry.v1.NodeReport;
import dev.fenceline.registry.v1.RegistryServiceGrpc;
import dev.fenceline.security.FailureLine;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.util.SplittableRandom;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Reports the host to the coordinator, at the interval that the coordinator names. Thread-safe; its
 * state is guarded by its lock.
 *
 * <p>The data path does not depend on it: while the coordinator is away, the redial waits longer
 * and longer, up to a bound, and nothing else happens.
 */
public final class RegistryClient implements AutoCloseable {
  /** Who reports, and how others reach it; immutable. */
  public record Identity(long bootToken, String endpoint, String httpEndpoint) {}

  private static final Logger LOG = LoggerFactory.getLogger(RegistryClient.class);
  private static final long FIRST_WAIT_MILLIS = 100;

  /**
   * The contract's bound: a coordinator that is back waits three times as long before it answers.
   */
  private static final long LONGEST_WAIT_MILLIS = 1_000;

  private static final long MIN_INTERVAL_MILLIS = 10;
  private static final long GOODBYE_MILLIS = 500;

  private final ManagedChannel channel;
  private final HostRuntime host;
  private final Identity identity;
  private final SplittableRandom random;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("fenceline-registry").factory());
  private final Object lock = new Object();

  // Guarded by the lock.
  private @Nullable Stream current;
  private long waitMillis = FIRST_WAIT_MILLIS;
  private boolean closed;

  /** A coordinator that stays away is told of once, not at every attempt. */
  private String lastReason = "";

  public RegistryClient(ManagedChannel channel, HostRuntime host, Identity identity) {
    this.channel = channel;
    this.host = host;
    this.identity = identity;
    this.random = new SplittableRandom(identity.bootToken());
  }

  /** Dials and reports for the first time. */
  public void start() {
    synchronized (lock) {
      if (closed || current != null) {
        return;
      }
      // The channel's own back-off grows to minutes; this client has one that is bounded.
      channel.enterIdle();
      channel.resetConnectBackoff();
      Stream stream = new Stream();
      current = stream;
      stream.reports = RegistryServiceGrpc.newStub(channel).register(stream);
      stream.report(false);
    }
  }

  /** Says good-bye, if the coordinator listens. */
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      if (current != null) {
        current.report(true);
        current.complete();
      }
    }
    timer.shutdownNow();
    channel.shutdown();
    try {
      if (!channel.awaitTermination(GOODBYE_MILLIS, TimeUnit.MILLISECONDS)) {
        channel.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      channel.shutdownNow();
    }
  }

  private void ended(Stream stream, String reason) {
    synchronized (lock) {
      if (stream != current) {
        return;
      }
      current = null;
      if (!closed) {
        long wait = waitMillis / 2 + random.nextLong(waitMillis / 2 + 1);
        waitMillis = Math.min(LONGEST_WAIT_MILLIS, waitMillis * 2);
        LOG.atLevel(reason.equals(lastReason) ? Level.DEBUG : Level.INFO)
            .log("the coordinator is away ({}); dialing again in {} ms", reason, wait);
        lastReason = reason;
        timer.schedule(this::start, wait, TimeUnit.MILLISECONDS);
      }
    }
  }

  private void updated(Stream stream, CoordinatorUpdate update) {
    synchronized (lock) {
      if (stream != current || closed) {
        return;
      }
      lastReason = "";
      waitMillis = FIRST_WAIT_MILLIS; // it answered: that is useful work
      if (!stream.timed) {
        stream.timed = true;
        long millis = TimeUnit.NANOSECONDS.toMillis(update.getReportIntervalNanos());
        timer.schedule(
            () -> reportAgain(stream),
            Math.max(MIN_INTERVAL_MILLIS, millis),
            TimeUnit.MILLISECONDS);
      }
    }
  }

  private void reportAgain(Stream stream) {
    synchronized (lock) {
      stream.timed = false;
      if (stream == current && !closed) {
        stream.report(false);
      }
    }
  }

  private NodeReport report(boolean leaving) {
    return NodeReport.newBuilder()
        .setNodeId(host.settings().hostId())
        .setBootToken(identity.bootToken())
        .setEndpoint(identity.endpoint())
        .setHttpEndpoint(identity.httpEndpoint())
        .setHost(
            HostReport.newBuilder()
                .setHostEpoch(host.settings().hostEpoch())
                .setSpaceCount(host.spaceCount())
                .setSessionCount(host.sessions().sessionCount())
                .setTotalFrames(host.pool().total())
                .setFreeFrames(host.pool().available())
                .addAllQuarantinedAgents(host.sessions().quarantinedAgents()))
        .setLeaving(leaving)
        .build();
  }

  /** One stream to the coordinator; dies with it. Fields are guarded by the client's lock. */
  private final class Stream implements StreamObserver<CoordinatorUpdate> {
    @Nullable StreamObserver<NodeReport> reports;
    boolean timed;

    void report(boolean leaving) {
      if (reports != null) {
        reports.onNext(RegistryClient.this.report(leaving));
      }
    }

    void complete() {
      if (reports != null) {
        reports.onCompleted();
      }
    }

    @Override
    public void onNext(CoordinatorUpdate update) {
      updated(this, update);
    }

    @Override
    public void onError(Throwable failure) {
      ended(this, FailureLine.of(failure));
    }

    @Override
    public void onCompleted() {
      ended(this, "it ended the stream");
    }
  }
}
