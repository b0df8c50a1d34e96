package dev.fenceline.host.engine.shard;

/**
 * How a shard gets frames back when none is left; immutable.
 *
 * @param swapSlots pages that the swap file of the host holds; 0: nothing can be swapped out, and
 *     who finds no frame is refused
 * @param waitNanos how long a reclaim waits for the fences of its victims before it passes over
 *     them
 * @param patienceNanos how long somebody waits for a frame while nothing can be swapped out
 */
public record ReclaimConfig(int swapSlots, long waitNanos, long patienceNanos) {
  /** Without swap. */
  public static final ReclaimConfig NONE = new ReclaimConfig(0, 10_000_000, 1_000_000_000);

  public static ReclaimConfig withSwap(int swapSlots) {
    return new ReclaimConfig(swapSlots, NONE.waitNanos, NONE.patienceNanos);
  }
}
