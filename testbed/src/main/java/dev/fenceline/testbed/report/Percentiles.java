package dev.fenceline.testbed.report;

import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Collects durations for a {@link Latency}, in memory that does not grow with their number.
 *
 * <p>Confined to one thread; merged after a hand-over that orders memory. Durations are kept to
 * three digits; those above an hour count as an hour.
 */
public final class Percentiles {

  private static final long MAX_NANOS = TimeUnit.HOURS.toNanos(1);
  private static final int DIGITS = 3;
  private static final double NANOS_PER_MICRO = 1_000.0;

  private final Histogram histogram = new Histogram(MAX_NANOS, DIGITS);
  private long maxNanos;

  /** Adds a duration; a negative one, which clocks can produce, counts as 0. */
  public void record(long durationNanos) {
    long bounded = Math.clamp(durationNanos, 0, MAX_NANOS);
    maxNanos = Math.max(maxNanos, bounded);
    histogram.recordValue(bounded);
  }

  /** Takes in all durations of another collection. */
  public void merge(Percentiles other) {
    histogram.add(other.histogram);
    maxNanos = Math.max(maxNanos, other.maxNanos);
  }

  /** How many durations there are. */
  public long count() {
    return histogram.getTotalCount();
  }

  /** The distribution so far, null if there is no duration yet. */
  public @Nullable Latency latency() {
    if (count() == 0) {
      return null;
    }
    // The histogram rounds its maximum up to a whole bucket; the exact one costs nothing.
    return new Latency(
        Math.min(histogram.getValueAtPercentile(50), maxNanos) / NANOS_PER_MICRO,
        Math.min(histogram.getValueAtPercentile(99), maxNanos) / NANOS_PER_MICRO,
        maxNanos / NANOS_PER_MICRO,
        count());
  }
}
