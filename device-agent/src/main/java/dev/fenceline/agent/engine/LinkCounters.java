package dev.fenceline.agent.engine;

/** The counts of one link. Confined to its engine. */
final class LinkCounters {
  private static final int SIZE = LinkCounter.values().length;

  private final long[] counts = new long[SIZE];

  void add(LinkCounter counter, long more) {
    counts[counter.ordinal()] += more;
  }

  long get(LinkCounter counter) {
    return counts[counter.ordinal()];
  }
}
