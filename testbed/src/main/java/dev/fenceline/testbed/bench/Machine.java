package dev.fenceline.testbed.bench;

import java.lang.management.ManagementFactory;
import java.util.Locale;

/**
 * What figures were measured on; immutable.
 *
 * @param load processes that wanted a core in the last minute, as the measurements began; negative
 *     if the system does not say
 */
record Machine(int cores, String java, String system, double load) {

  /** More than this share of the cores in use by others, and figures are not worth keeping. */
  private static final double BUSY_SHARE = 0.5;

  static Machine here() {
    return new Machine(
        Runtime.getRuntime().availableProcessors(),
        Runtime.version().toString(),
        System.getProperty("os.name") + " " + System.getProperty("os.arch"),
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
  }

  boolean busy() {
    return load > BUSY_SHARE * cores;
  }

  String describe() {
    return String.format(
        Locale.ROOT,
        "%d cores, Java %s, %s, load %.1f at the start%s",
        cores,
        java,
        system,
        load,
        busy() ? " (busy: the figures are rough)" : "");
  }
}
