package dev.fenceline.testbed.report;

import java.util.Locale;

/**
 * Figures as a person reads them: three to four digits and a unit.
 *
 * <p>Stateless.
 */
final class Quantities {

  private static final String[] BYTE_UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

  private Quantities() {}

  static String duration(double micros) {
    if (micros < 1_000) {
      return format(micros) + " us";
    }
    return micros < 1_000_000 ? format(micros / 1_000) + " ms" : format(micros / 1_000_000) + " s";
  }

  static String bytes(long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    return unit == 0 ? bytes + " B" : format(value) + " " + BYTE_UNITS[unit];
  }

  /** With separators of thousands. */
  static String count(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }

  static String format(double value) {
    // The bounds lie where rounding would add a digit.
    String pattern = value >= 99.95 ? "%.0f" : value >= 9.995 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, pattern, value);
  }
}
