package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.frame.Watermarks;

/**
 * How a shard gets frames back when few or none are left; immutable.
 *
 * @param swapSlots pages that the swap file of the host holds; 0: nothing can be swapped out, and
 *     who finds no frame is refused
 * @param waitNanos how long a reclaim waits for the fences of its victims before it passes over
 *     them; 0: those that anybody holds are passed over at once
 * @param patienceNanos how long somebody waits for a frame while nothing can be swapped out
 * @param notifiesPinned true if pinned pages are passed over only once they are unmapped, as Linux
 *     does: for the experiment that shows what that costs
 * @param watermarks when pages are swapped out before anybody starves
 * @param pinAgeLimitNanos age from which a pin is reported as perhaps forgotten; 0: never
 */
public record ReclaimConfig(
    int swapSlots,
    long waitNanos,
    long patienceNanos,
    boolean notifiesPinned,
    Watermarks watermarks,
    long pinAgeLimitNanos) {
  /** Without swap. */
  public static final ReclaimConfig NONE = new ReclaimConfig(0, 10_000_000, 1_000_000_000, false);

  public ReclaimConfig {
    if (swapSlots < 0 || waitNanos < 0 || patienceNanos < 0 || pinAgeLimitNanos < 0) {
      throw new IllegalArgumentException(
          "swap of %d pages, a wait of %d ns, a patience of %d ns and pins of %d ns: none may be negative"
              .formatted(swapSlots, waitNanos, patienceNanos, pinAgeLimitNanos));
    }
  }

  /** Without background reclaim, and with pins of any age. */
  public ReclaimConfig(int swapSlots, long waitNanos, long patienceNanos, boolean notifiesPinned) {
    this(swapSlots, waitNanos, patienceNanos, notifiesPinned, Watermarks.NONE, 0);
  }

  public static ReclaimConfig withSwap(int swapSlots) {
    return new ReclaimConfig(swapSlots, NONE.waitNanos, NONE.patienceNanos, false);
  }

  public ReclaimConfig withWatermarks(Watermarks newWatermarks) {
    return new ReclaimConfig(
        swapSlots, waitNanos, patienceNanos, notifiesPinned, newWatermarks, pinAgeLimitNanos);
  }

  public ReclaimConfig withPinAgeLimit(long newPinAgeLimitNanos) {
    return new ReclaimConfig(
        swapSlots, waitNanos, patienceNanos, notifiesPinned, watermarks, newPinAgeLimitNanos);
  }
}
