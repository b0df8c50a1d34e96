package dev.fenceline.coordinator.runtime;

/** Hears how questions to nodes went, for metrics. Thread-safe. */
@FunctionalInterface
public interface QueryObserver {
  /**
   * @param operation the call's name, from a fixed set
   * @param outcome answered, refused, timed-out, unreachable or broken
   */
  void answered(String operation, String outcome, long elapsedNanos);
}
