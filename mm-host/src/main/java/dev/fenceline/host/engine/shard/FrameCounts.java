package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.space.LargeTally;

/**
 * Where the frames of a shard are, and what reclaim did since its start; immutable.
 *
 * @param swapUsed slots of the swap file in use
 * @param pins how many there are
 * @param pinnedFrames frames that pins hold in place
 * @param keptFrames of these, those that no page maps any more
 * @param large pages of 2 MiB
 */
public record FrameCounts(
    Lists lists,
    long swapUsed,
    Reclaimed reclaimed,
    long pins,
    long pinnedFrames,
    long keptFrames,
    LargeTally.Counts large) {
  /** Nothing. */
  public static final FrameCounts NONE =
      new FrameCounts(
          new Lists(0, 0, 0), 0, new Reclaimed(0, 0, 0, 0, 0), 0, 0, 0, LargeTally.Counts.NONE);

  /** Mapped frames by how lately they were used; unevictable ones are pinned. */
  public record Lists(long inactive, long active, long unevictable) {}

  /**
   * Sums since the start.
   *
   * @param frames that became free
   * @param backedOff reclaims that passed over devices that were slow to drain
   * @param wakeUps how often the low watermark was fallen below
   * @param swappedOut pages written to swap
   * @param swappedIn pages read from swap
   */
  public record Reclaimed(
      long frames, long backedOff, long wakeUps, long swappedOut, long swappedIn) {}

  /** Those of two shards together. */
  public FrameCounts plus(FrameCounts other) {
    return new FrameCounts(
        new Lists(
            lists.inactive + other.lists.inactive,
            lists.active + other.lists.active,
            lists.unevictable + other.lists.unevictable),
        swapUsed + other.swapUsed,
        new Reclaimed(
            reclaimed.frames + other.reclaimed.frames,
            reclaimed.backedOff + other.reclaimed.backedOff,
            reclaimed.wakeUps + other.reclaimed.wakeUps,
            reclaimed.swappedOut + other.reclaimed.swappedOut,
            reclaimed.swappedIn + other.reclaimed.swappedIn),
        pins + other.pins,
        pinnedFrames + other.pinnedFrames,
        keptFrames + other.keptFrames,
        large.plus(other.large));
  }
}
