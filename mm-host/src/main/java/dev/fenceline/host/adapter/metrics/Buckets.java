package dev.fenceline.host.adapter.metrics;

import java.time.Duration;

/** The bounds of every histogram, 10 us to 10 s. Immutable. */
final class Buckets {
  private static final long[] MICROSECONDS = {
    10,
    25,
    50,
    100,
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000
  };

  private Buckets() {}

  static Duration[] durations() {
    Duration[] bounds = new Duration[MICROSECONDS.length];
    for (int i = 0; i < bounds.length; i++) {
      bounds[i] = Duration.ofNanos(MICROSECONDS[i] * 1_000);
    }
    return bounds;
  }
}
