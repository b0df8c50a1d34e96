package dev.fenceline.host.engine.shard;

/**
 * How a shard gets frames back when none is left; immutable.
 *
 * @param swapSlots pages that the swap file of the host holds; 0: nothing can be swapped out, and
 *     who finds no frame is refused
 * @param waitNanos how long a reclaim waits for the fences of its victims before it passes over
 *     them; 0: those that anybody holds are passed over at once
 * @param patienceNanos how long somebody waits for a frame while nothing can be swapped out
 * @param notifiesPinned true if pinned pages are passed over only once they are unmapped, as Linux
 *     does: for the experiment that shows what that costs
 */
public record ReclaimConfig(
    int swapSlots, long waitNanos, long patienceNanos, boolean notifiesPinned) {
  /** Without swap. */
  public static final ReclaimConfig NONE = new ReclaimConfig(0, 10_000_000, 1_000_000_000, false);

  public ReclaimConfig {
    if (swapSlots < 0 || waitNanos < 0 || patienceNanos < 0) {
      throw new IllegalArgumentException(
          "swap of %d pages, a wait of %d ns and a patience of %d ns: none may be negative"
              .formatted(swapSlots, waitNanos, patienceNanos));
    }
  }

  public static ReclaimConfig withSwap(int swapSlots) {
    return new ReclaimConfig(swapSlots, NONE.waitNanos, NONE.patienceNanos, false);
  }
}
