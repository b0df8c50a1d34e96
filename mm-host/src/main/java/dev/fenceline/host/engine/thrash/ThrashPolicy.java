package dev.fenceline.host.engine.thrash;

/**
 * When a page thrashes, and what is done about it; immutable. The numbers to begin with are UVM's
 * (linux.md 6.3).
 *
 * @param events moves in a row, each wanted by another party within the lapse of the one before,
 *     from which on the page thrashes; 0: never
 * @param lapseNanos how soon a page has to be wanted away to count, as long as moves take less
 * @param naps that parties were made to wait for before the page is pinned
 * @param pinLapses how many lapses the pin lasts
 * @param forgetLapses quiet, in lapses, after which a page is forgotten
 */
public record ThrashPolicy(int events, long lapseNanos, int naps, int pinLapses, int forgetLapses) {
  public static final ThrashPolicy DEFAULT = new ThrashPolicy(3, 500_000, 10, 300, 2_000);

  /** Nobody is ever made to wait: for experiments. */
  public static final ThrashPolicy NONE = new ThrashPolicy(0, 1, 1, 1, 1);

  /** How often a block that thrashed is taken for quiet again; then no quiet clears it any more. */
  static final int MAX_RESETS = 4;

  /** A lapse grows with the time that moves take, up to this. */
  static final long LONGEST_LAPSE_NANOS = 500_000_000;

  /** However long the lapse, a pin ends, and a page is forgotten, after so long. */
  static final long LONGEST_PIN_NANOS = 5_000_000_000L;

  static final long LONGEST_MEMORY_NANOS = 30_000_000_000L;

  public ThrashPolicy {
    if (events < 0
        || lapseNanos < 1
        || lapseNanos > LONGEST_LAPSE_NANOS
        || naps < 1
        || pinLapses < 1
        || forgetLapses < pinLapses) {
      throw new IllegalArgumentException(
          "thrashing: events %d, lapse %d ns, naps %d, pin %d, forget %d lapses contradict each other"
              .formatted(events, lapseNanos, naps, pinLapses, forgetLapses));
    }
  }

  long pinNanos(long lapse) {
    return Math.min(LONGEST_PIN_NANOS, pinLapses * lapse);
  }

  long forgetNanos(long lapse) {
    return Math.min(LONGEST_MEMORY_NANOS, forgetLapses * lapse);
  }
}
