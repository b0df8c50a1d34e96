package dev.fenceline.host.adapter.grpc;

import java.util.concurrent.TimeUnit;

/**
 * Tells the wall-clock time of what engines have noted on the monotonic clock, the same at each
 * query: the two clocks are compared once, and again only when they have come apart. Thread-safe.
 */
final class WallClock {
  /** Beyond it, a clock that was set counts more than answers that stay the same. */
  private static final long TOLERATED_MILLIS = 500;

  private volatile long offsetMillis = Long.MIN_VALUE;

  /**
   * The wall clock's reading at a time of the monotonic clock.
   *
   * @param nowMillis the wall clock now
   * @param nowNanos the monotonic clock now
   */
  long millisAt(long nanos, long nowMillis, long nowNanos) {
    long offset = nowMillis - TimeUnit.NANOSECONDS.toMillis(nowNanos);
    long known = offsetMillis;
    if (known == Long.MIN_VALUE || Math.abs(offset - known) > TOLERATED_MILLIS) {
      known = offset;
      offsetMillis = offset;
    }
    return known + TimeUnit.NANOSECONDS.toMillis(nanos);
  }
}
