package dev.fenceline.agent.engine;

import java.util.SplittableRandom;

/**
 * Waits that double up to a bound, each with jitter of up to a half. Confined to its owner; resets
 * only after useful work, so that a host which accepts and then drops us is not hammered.
 */
final class Backoff {
  private final long initialNanos;
  private final long maxNanos;
  private final SplittableRandom random;
  private long currentNanos;

  Backoff(long initialNanos, long maxNanos, SplittableRandom random) {
    this.initialNanos = initialNanos;
    this.maxNanos = maxNanos;
    this.random = random;
    this.currentNanos = initialNanos;
  }

  /** The next wait, in nanoseconds, between a half of the current bound and all of it. */
  long nextNanos() {
    long bound = currentNanos;
    currentNanos = Math.min(maxNanos, bound * 2);
    return bound / 2 + random.nextLong(bound / 2 + 1);
  }

  void reset() {
    currentNanos = initialNanos;
  }
}
