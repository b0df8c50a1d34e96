package dev.fenceline.testbed.text;

import java.util.Locale;

/**
 * Figures as a person reads them: three to four digits and a unit.
 *
 * <p>Stateless.
 */
public final class Quantities {

  private static final String[] BYTE_UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

  private Quantities() {}

  public static String duration(double micros) {
    if (micros == 0) {
      return "0 µs";
    }
    if (micros < 1_000) {
      return format(micros) + " µs";
    }
    return micros < 1_000_000 ? format(micros / 1_000) + " ms" : format(micros / 1_000_000) + " s";
  }

  /** How long ago something was, in its two greatest units. */
  public static String age(long millis) {
    long seconds = Math.max(0, millis) / 1000;
    if (seconds < 60) {
      return format(Math.max(0, millis) / 1000.0) + " s";
    }
    if (seconds < 3600) {
      return seconds / 60 + " min " + seconds % 60 + " s";
    }
    long hours = seconds / 3600;
    return hours < 48
        ? hours + " h " + seconds % 3600 / 60 + " min"
        : hours / 24 + " d " + hours % 24 + " h";
  }

  public static String bytes(long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    return unit == 0 ? bytes + " B" : format(value) + " " + BYTE_UNITS[unit];
  }

  /** With separators of thousands. */
  public static String count(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }

  /** 1 page, 2 pages. */
  public static String plural(long count, String one) {
    return count(count) + " " + one + (count == 1 ? "" : "s");
  }

  public static String format(double value) {
    // The bounds lie where rounding would add a digit.
    String pattern = value >= 99.95 ? "%.0f" : value >= 9.995 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, pattern, value);
  }
}
