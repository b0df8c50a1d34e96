package dev.fenceline.coordinator.engine;

/**
 * How the registry measures time; immutable and free of contradictions.
 *
 * @param livenessTimeoutNanos silence after which a node counts as lost
 * @param reportIntervalNanos what nodes are told to report at
 * @param recoveryWindowNanos how long after its start the registry says {@code recovering}
 * @param retentionNanos how long a lost node, or one that left, is remembered
 * @param expectedHosts the registry goes on saying {@code recovering} until so many hosts are live
 * @param recoveryLimitNanos but says so no longer than this after its start
 */
public record RegistrySettings(
    long livenessTimeoutNanos,
    long reportIntervalNanos,
    long recoveryWindowNanos,
    long retentionNanos,
    int expectedHosts,
    long recoveryLimitNanos) {
  /** Shortest report interval: below it, timers and not nodes decide who is alive. */
  public static final long MIN_REPORT_INTERVAL_NANOS = 5_000_000L;

  /** Longest duration of any kind: a day. */
  public static final long MAX_DURATION_NANOS = 86_400_000_000_000L;

  /** Reports that fit into the liveness timeout unless configured otherwise. */
  public static final int REPORTS_PER_TIMEOUT = 5;

  /** Report intervals that the recovery window lasts at least unless configured otherwise. */
  public static final int INTERVALS_PER_RECOVERY = 3;

  /**
   * Shortest recovery window unless configured otherwise: three times what the contract allows a
   * node to wait before it dials again, however short the report interval.
   */
  public static final long DERIVED_RECOVERY_MIN_NANOS = 3_000_000_000L;

  /** Longer than anybody waits, and far from an overflow. */
  public static final long UNLIMITED_NANOS = Long.MAX_VALUE / 4;

  /** Recovery windows for which a registry waits for a first host unless configured otherwise. */
  public static final int WINDOWS_WITHOUT_HOST = 10;

  private static final int MIN_REPORTS_PER_TIMEOUT = 3;
  private static final int MIN_INTERVALS_PER_RECOVERY = 2;

  public RegistrySettings {
    within("report interval", reportIntervalNanos, MIN_REPORT_INTERVAL_NANOS);
    within("liveness timeout", livenessTimeoutNanos, MIN_REPORT_INTERVAL_NANOS);
    within("recovery window", recoveryWindowNanos, MIN_REPORT_INTERVAL_NANOS);
    within("retention", retentionNanos, 0);
    if (livenessTimeoutNanos < MIN_REPORTS_PER_TIMEOUT * reportIntervalNanos) {
      throw new IllegalArgumentException(
          "liveness timeout %s must be at least %d report intervals of %s: one late report would lose a node"
              .formatted(
                  millis(livenessTimeoutNanos),
                  MIN_REPORTS_PER_TIMEOUT,
                  millis(reportIntervalNanos)));
    }
    if (recoveryWindowNanos < MIN_INTERVALS_PER_RECOVERY * reportIntervalNanos) {
      throw new IllegalArgumentException(
          "recovery window %s must be at least %d report intervals of %s: nodes that are alive would be missing when it ends"
              .formatted(
                  millis(recoveryWindowNanos),
                  MIN_INTERVALS_PER_RECOVERY,
                  millis(reportIntervalNanos)));
    }
  }

  /** Settings of a registry that waits for nobody behind its recovery window. */
  public RegistrySettings(
      long livenessTimeoutNanos,
      long reportIntervalNanos,
      long recoveryWindowNanos,
      long retentionNanos) {
    this(
        livenessTimeoutNanos,
        reportIntervalNanos,
        recoveryWindowNanos,
        retentionNanos,
        0,
        recoveryWindowNanos);
  }

  /** Derives the report interval and the recovery window from the liveness timeout. */
  public static RegistrySettings derivedFrom(long livenessTimeoutNanos, long retentionNanos) {
    long intervalNanos = livenessTimeoutNanos / REPORTS_PER_TIMEOUT;
    return new RegistrySettings(
        livenessTimeoutNanos, intervalNanos, derivedRecoveryNanos(intervalNanos), retentionNanos);
  }

  /** The recovery window that suits the report interval. */
  public static long derivedRecoveryNanos(long reportIntervalNanos) {
    return Math.max(DERIVED_RECOVERY_MIN_NANOS, INTERVALS_PER_RECOVERY * reportIntervalNanos);
  }

  /** Silence after which a node is suspect: two reports and a half. */
  long suspectAfterNanos() {
    return reportIntervalNanos * 5 / 2;
  }

  private static void within(String name, long nanos, long leastNanos) {
    if (nanos < leastNanos || nanos > MAX_DURATION_NANOS) {
      throw new IllegalArgumentException(
          "%s must be from %s to %s, not %s"
              .formatted(name, millis(leastNanos), millis(MAX_DURATION_NANOS), millis(nanos)));
    }
  }

  private static String millis(long nanos) {
    return nanos / 1_000_000 + " ms";
  }
}
