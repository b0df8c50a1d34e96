package dev.fenceline.model;

import java.util.Locale;

/** Durations in the unit that people would choose. Stateless. */
public final class HumanTime {
  private static final long NANOS_PER_MICRO = 1_000;
  private static final long NANOS_PER_MILLI = 1_000_000;
  private static final long NANOS_PER_SECOND = 1_000_000_000;
  private static final int SECONDS_PER_MINUTE = 60;
  private static final int MINUTES_PER_HOUR = 60;

  private HumanTime() {}

  /** What is negative is no time at all. */
  public static String of(long nanos) {
    if (nanos <= 0) {
      return "0 ms";
    }
    if (nanos < NANOS_PER_MILLI) {
      return nanos / NANOS_PER_MICRO + " µs";
    }
    if (nanos < 10 * NANOS_PER_MILLI) {
      return withOneDigit((double) nanos / NANOS_PER_MILLI) + " ms";
    }
    if (nanos < NANOS_PER_SECOND) {
      return nanos / NANOS_PER_MILLI + " ms";
    }
    long seconds = nanos / NANOS_PER_SECOND;
    if (seconds < SECONDS_PER_MINUTE) {
      return withOneDigit((double) nanos / NANOS_PER_SECOND) + " s";
    }
    long minutes = seconds / SECONDS_PER_MINUTE;
    return minutes < MINUTES_PER_HOUR
        ? minutes + " min " + seconds % SECONDS_PER_MINUTE + " s"
        : minutes / MINUTES_PER_HOUR + " h " + minutes % MINUTES_PER_HOUR + " min";
  }

  private static String withOneDigit(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
