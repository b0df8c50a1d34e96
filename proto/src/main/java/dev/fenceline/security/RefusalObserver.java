package dev.fenceline.security;

/** Hears of calls that were turned away, for logs and metrics. Thread-safe; must not block. */
@FunctionalInterface
public interface RefusalObserver {
  RefusalObserver NONE = (service, why) -> {};

  /**
   * @param why a sentence for people; may contain names that the peer chose
   */
  void refused(String service, String why);
}
