package dev.fenceline.registration;

import dev.fenceline.registry.v1.CoordinatorUpdate;
import dev.fenceline.registry.v1.NodeReport;
import dev.fenceline.registry.v1.RegistryServiceGrpc;
import dev.fenceline.security.FailureLine;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.util.SplittableRandom;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Reports a node to one coordinator, at the interval that it names. Thread-safe; its state is
 * guarded by its lock.
 *
 * <p>The data path does not depend on it: while the coordinator is away, the redial waits longer
 * and longer, up to a bound, and nothing else happens.
 */
public final class RegistryLink implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RegistryLink.class);
  private static final long FIRST_WAIT_MILLIS = 100;

  /**
   * The contract's bound: a coordinator that is back waits three times as long before it answers.
   */
  private static final long LONGEST_WAIT_MILLIS = 1_000;

  private static final long MIN_INTERVAL_MILLIS = 10;
  private static final long GOODBYE_MILLIS = 500;

  private final ManagedChannel channel;
  private final Supplier<NodeReport> reports;
  private final Consumer<CoordinatorUpdate> listener;
  private final ScheduledExecutorService timer;
  private final SplittableRandom random;
  private final Object lock = new Object();

  // Guarded by the lock.
  private @Nullable Stream current;
  private long waitMillis = FIRST_WAIT_MILLIS;
  private boolean heard;
  private boolean closed;

  /** A coordinator that stays away is told of once, not at every attempt. */
  private String lastReason = "";

  /**
   * @param channel to the coordinator; the link ends it
   * @param reports what to report at the moment, without the flag of leaving; called under the
   *     link's lock, so it must neither wait nor call the link
   * @param listener gets each update, without the link's lock
   * @param timer runs the redials and reports; the caller ends it after the link
   * @param random jitter of the redials; not used by anybody else
   */
  public RegistryLink(
      ManagedChannel channel,
      Supplier<NodeReport> reports,
      Consumer<CoordinatorUpdate> listener,
      ScheduledExecutorService timer,
      SplittableRandom random) {
    this.channel = channel;
    this.reports = reports;
    this.listener = listener;
    this.timer = timer;
    this.random = random;
  }

  /** Dials and reports for the first time. Has no effect on a link that is open or closed. */
  public void start() {
    synchronized (lock) {
      if (closed || current != null) {
        return;
      }
      // The channel's own back-off grows to minutes; this link has one that is bounded.
      channel.enterIdle();
      channel.resetConnectBackoff();
      Stream stream = new Stream();
      current = stream;
      stream.outbound = RegistryServiceGrpc.newStub(channel).register(stream);
      stream.report(false);
    }
  }

  /** Whether the coordinator has answered on the stream that is open now. */
  public boolean isUp() {
    synchronized (lock) {
      return current != null && heard;
    }
  }

  /**
   * Says goodbye, if the coordinator listens, and lets the channel go; does not wait for either.
   */
  public void leave() {
    end(true);
  }

  /** Ends the link without a goodbye: the node stays registered with whoever it was. */
  void abandon() {
    end(false);
  }

  /** Leaves, and gives the goodbye a bounded time to get there. */
  @Override
  public void close() {
    leave();
    try {
      if (!channel.awaitTermination(GOODBYE_MILLIS, TimeUnit.MILLISECONDS)) {
        channel.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      channel.shutdownNow();
    }
  }

  private void end(boolean goodbye) {
    synchronized (lock) {
      if (closed) {
        return;
      }
      closed = true;
      if (current != null && goodbye) {
        current.report(true);
        current.complete();
      }
    }
    if (goodbye) {
      channel.shutdown();
    } else {
      channel.shutdownNow();
    }
  }

  private void ended(Stream stream, String reason) {
    synchronized (lock) {
      if (stream != current) {
        return;
      }
      current = null;
      heard = false;
      if (!closed) {
        long wait = waitMillis / 2 + random.nextLong(waitMillis / 2 + 1);
        waitMillis = Math.min(LONGEST_WAIT_MILLIS, waitMillis * 2);
        LOG.atLevel(reason.equals(lastReason) ? Level.DEBUG : Level.INFO)
            .log(
                "the coordinator {} is away ({}); dialing again in {} ms",
                channel.authority(),
                reason,
                wait);
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
      heard = true;
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
    listener.accept(update);
  }

  private void reportAgain(Stream stream) {
    synchronized (lock) {
      stream.timed = false;
      if (stream == current && !closed) {
        stream.report(false);
      }
    }
  }

  /** One stream to the coordinator; dies with it. Fields are guarded by the link's lock. */
  private final class Stream implements StreamObserver<CoordinatorUpdate> {
    @Nullable StreamObserver<NodeReport> outbound;
    boolean timed;

    void report(boolean leaving) {
      if (outbound != null) {
        outbound.onNext(reports.get().toBuilder().setLeaving(leaving).build());
      }
    }

    void complete() {
      if (outbound != null) {
        outbound.onCompleted();
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
