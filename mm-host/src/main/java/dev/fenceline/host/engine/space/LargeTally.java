package dev.fenceline.host.engine.space;

/** What became of large pages in the spaces of a shard, since its start. Confined to the shard. */
public final class LargeTally {
  long allocated;
  long fellBack;
  long collapsed;
  long split;

  /**
   * Sums since the start, and what is there now; immutable.
   *
   * @param now large pages that are mapped
   * @param allocated large frames that first touches mapped
   * @param fellBack first touches that found no large frame and mapped small pages
   * @param collapsed large pages that scattered ones were brought together in
   * @param split large pages that were found to be none any more while they were mapped
   */
  public record Counts(long now, long allocated, long fellBack, long collapsed, long split) {
    public static final Counts NONE = new Counts(0, 0, 0, 0, 0);

    /** Those of two shards together. */
    public Counts plus(Counts other) {
      return new Counts(
          now + other.now,
          allocated + other.allocated,
          fellBack + other.fellBack,
          collapsed + other.collapsed,
          split + other.split);
    }
  }

  /** The counts, given how many large pages there are. */
  public Counts counts(long now) {
    return new Counts(now, allocated, fellBack, collapsed, split);
  }
}
