package dev.fenceline.client.rest;

import java.time.Duration;

/**
 * How long and how often a request is repeated while the coordinator says that it will answer later
 * (503, 429), or breaks off a request that may be repeated. Immutable.
 *
 * @param attempts at most, the first included
 * @param within no attempt begins later than this after the first one
 * @param firstPause doubled from attempt to attempt; the coordinator's Retry-After is waited for if
 *     it is longer
 */
public record RetryPolicy(int attempts, Duration within, Duration firstPause) {
  /** Outlasts the recovery of a restarted coordinator. */
  public static final RetryPolicy DEFAULT =
      new RetryPolicy(6, Duration.ofSeconds(10), Duration.ofMillis(200));

  /** Every request once. */
  public static final RetryPolicy NONE = new RetryPolicy(1, Duration.ZERO, Duration.ZERO);

  /**
   * @throws IllegalArgumentException if there is not one attempt, or a duration is negative
   */
  public RetryPolicy {
    if (attempts < 1 || within.isNegative() || firstPause.isNegative()) {
      throw new IllegalArgumentException(
          "a retry policy needs one attempt and durations of zero or more: attempts "
              + attempts
              + ", within "
              + within
              + ", first pause "
              + firstPause);
    }
  }

  /** The pause before attempt {@code next}, which is 2 or more. */
  Duration pauseBefore(int next, Duration retryAfter) {
    Duration own = firstPause.multipliedBy(1L << Math.min(next - 2, 16));
    return own.compareTo(retryAfter) >= 0 ? own : retryAfter;
  }
}
