package dev.fenceline.coordinator.runtime;

/** What happens to deadlocks, for meters. Thread-safe; never blocks. */
public interface DeadlockObserver {
  /** What is counted. */
  enum Happening {
    FOUND,
    PREEMPTED,
    BACKED_OFF,
    REMEDY_FAILED,
    BROKEN,
    GONE
  }

  void happened(Happening what);
}
