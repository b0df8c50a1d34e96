package dev.fenceline.host.runtime;

import java.util.concurrent.Future;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that wakes engines at their deadlines, and the clock that it reads. Thread-safe.
 */
final class Timers implements AutoCloseable {
  private final LongSupplier nanoClock;
  private final ScheduledThreadPoolExecutor executor;

  Timers(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
    executor =
        new ScheduledThreadPoolExecutor(
            1, task -> Thread.ofPlatform().name("fenceline-timer").daemon().unstarted(task));
    executor.setRemoveOnCancelPolicy(true);
    executor.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
  }

  long nowNanos() {
    return nanoClock.getAsLong();
  }

  /** Runs the task once on the timer's thread, unless it is cancelled before; must not block. */
  Future<?> after(long delayNanos, Runnable task) {
    return executor.schedule(task, delayNanos, TimeUnit.NANOSECONDS);
  }

  /** A new alarm that calls {@code ring} on the timer's thread; ring must not block. */
  Alarm alarm(Runnable ring) {
    return new Alarm(ring);
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }

  /**
   * The next wake-up of one engine: there are no timers per fence. Confined to the engine's
   * mailbox.
   */
  final class Alarm {
    private final Runnable ring;
    private long armedNanos = Long.MAX_VALUE;
    private @Nullable ScheduledFuture<?> task;

    private Alarm(Runnable ring) {
      this.ring = ring;
    }

    /**
     * Sees to it that the engine is woken at the deadline or before. One that moved away is left
     * alone: an early ring finds nothing due and arms the alarm again.
     */
    void notLaterThan(long deadlineNanos) {
      if (deadlineNanos >= armedNanos) {
        return;
      }
      if (task != null) {
        task.cancel(false);
      }
      armedNanos = deadlineNanos;
      task = executor.schedule(ring, Math.max(0, deadlineNanos - nowNanos()), TimeUnit.NANOSECONDS);
    }

    /** It rang. */
    void rang() {
      armedNanos = Long.MAX_VALUE;
      task = null;
    }
  }
}
