package dev.fenceline.coordinator.engine.query;

/** A host's own account of itself; immutable. */
public record HostStatus(
    String hostId,
    long hostEpoch,
    long totalFrames,
    long freeFrames,
    long spaceCount,
    long sessionCount,
    long pendingInvalidationCount,
    long leaseTtlNanos,
    long leaseExpiryNanos,
    long lateMessageCount,
    Memory memory) {

  /** Where its page frames are, and what reclaim did since its start, in pages; immutable. */
  public record Memory(Lists lists, Swap swap, Pinned pinned, long reclaimBackOffs, long wakeUps) {}

  /** Mapped frames by how lately they were used; immutable. */
  public record Lists(long active, long inactive, long unevictable) {}

  /** The swap file; immutable. */
  public record Swap(long slots, long used, long pagesOut, long pagesIn) {}

  /**
   * What pins hold; immutable.
   *
   * @param keptFrames of the frames, those that no page maps any more
   */
  public record Pinned(long pins, long frames, long keptFrames) {}
}
