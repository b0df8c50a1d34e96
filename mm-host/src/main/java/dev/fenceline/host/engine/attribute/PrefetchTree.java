package dev.fenceline.host.engine.attribute;

import java.util.BitSet;

/**
 * How much around a fault is worth to move with it: the largest aligned block in which more than
 * about half is there already or faulted on, after UVM's density tree; immutable.
 */
public final class PrefetchTree {
  /** Pages of the whole tree: 2 MiB. */
  public static final int PAGES = 512;

  /** More than so many of hundred pages have to be there, or on their way. */
  public static final int DENSITY_PERCENT = 51;

  /** What is moved at least, if there is as much: 64 KiB. */
  static final int LEAF_PAGES = 16;

  private PrefetchTree() {}

  /** Half-open, in pages of the 2 MiB block; immutable. */
  public record Block(int start, int end) {}

  /**
   * @param there pages that are at the target, or that faulted
   * @param fault one of those that faulted
   */
  public static Block around(BitSet there, int fault) {
    Block best = block(fault, LEAF_PAGES);
    for (int size = 2 * LEAF_PAGES; size <= PAGES; size *= 2) {
      Block wider = block(fault, size);
      // What is moved with the fault anyway counts as there.
      int found =
          there.get(wider.start, wider.end).cardinality()
              + best.end
              - best.start
              - there.get(best.start, best.end).cardinality();
      if (found * 100 > size * DENSITY_PERCENT) {
        best = wider;
      }
    }
    return best;
  }

  private static Block block(int page, int size) {
    int start = page & -size;
    return new Block(start, start + size);
  }
}
