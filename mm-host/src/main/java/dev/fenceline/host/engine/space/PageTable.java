package dev.fenceline.host.engine.space;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A sparse map from the 35-bit virtual page number to a packed entry ({@link Pte}). Confined to the
 * shard.
 *
 * <p>A radix tree of four levels (8, 9, 9 and 9 bits); a leaf holds 512 entries and, behind them,
 * how many of them map something. The directories count resident and invalidating pages below them,
 * so that a range is counted without a look at its entries. An absent leaf reads as entries of type
 * NONE whose generation is the table's {@link #generationFloor}. The floor rises whenever a leaf is
 * freed, above every generation that was in it, so that a page never shows a generation that it has
 * shown before: a stale translation of an address that is mapped again stays stale (INV-10).
 */
public final class PageTable {
  /** One more than the highest virtual page number: 2^35 pages of 4 KiB are 2^47 bytes. */
  public static final long VPN_LIMIT = 1L << 35;

  private static final int LEVEL_BITS = 9;
  private static final int FANOUT = 1 << LEVEL_BITS;
  private static final int INDEX_MASK = FANOUT - 1;
  private static final int ROOT_FANOUT = 256;
  private static final long LEAF_LIMIT = VPN_LIMIT / FANOUT;

  /** Where a leaf keeps the number of its entries that are not NONE. */
  private static final int USED = FANOUT;

  // Sizes on a 64-bit JVM: array headers of 16 bytes, references counted as 8 (the worst case).
  private static final long LEAF_BYTES = 16 + 8L * (FANOUT + 1);
  private static final long UPPER_BYTES = 32 + 16 + 8L * FANOUT;
  private static final long LOWER_BYTES = 32 + 2 * (16 + 8L * FANOUT);
  private static final long ROOT_BYTES = 64 + 16 + 8L * ROOT_FANOUT;

  /**
   * A tally is two counts in one long, so that both are kept by one addition: the resident pages in
   * the lower half, the invalidating ones in the upper. No directory has 2^32 pages; a count over a
   * whole table cannot pass the 2^28 frames, and zero pages are not resident.
   */
  private static final int INVALIDATING_SHIFT = 32;

  private static final long RESIDENT_MASK = (1L << INVALIDATING_SHIFT) - 1;

  private final @Nullable UpperDirectory[] root = new @Nullable UpperDirectory[ROOT_FANOUT];
  private int generationFloor;
  private long mappedPages;
  private long leaves;
  private long uppers;
  private long lowers;

  /** What is called for each entry that is not NONE. */
  @FunctionalInterface
  public interface EntryVisitor {
    /**
     * Receives an entry; it may {@link PageTable#set} this entry, and no other, and must not clear.
     */
    void visit(long vpn, long entry);
  }

  /** An inner node right above the leaves. */
  private static final class LowerDirectory {
    final long[] @Nullable [] leaves = new long[FANOUT] @Nullable [];

    /** The tally of each leaf, here and not in it: counting reads one array front to back. */
    final long[] tallies = new long[FANOUT];

    long tally;
    int used;
  }

  /** An inner node between the root and the lower directories. */
  private static final class UpperDirectory {
    final @Nullable LowerDirectory[] children = new @Nullable LowerDirectory[FANOUT];
    long tally;
    int used;
  }

  /**
   * The entry of a page, NONE with the generation floor if its leaf is absent.
   *
   * @throws IndexOutOfBoundsException if the page number is not in [0, {@link #VPN_LIMIT})
   */
  public long get(long vpn) {
    checkVpn(vpn);
    long[] leaf = leaf(vpn >>> LEVEL_BITS);
    return leaf == null ? Pte.none(generationFloor) : leaf[(int) vpn & INDEX_MASK];
  }

  /**
   * Replaces the entry of a page. No leaf is ever freed here, so the next {@link #get} returns
   * exactly this entry.
   *
   * @throws IndexOutOfBoundsException if the page number is not in [0, {@link #VPN_LIMIT})
   */
  public void set(long vpn, long entry) {
    checkVpn(vpn);
    long[] leaf = leaf(vpn >>> LEVEL_BITS);
    if (leaf == null) {
      if (entry == Pte.none(generationFloor)) {
        return;
      }
      leaf = addLeaf(vpn >>> LEVEL_BITS);
    }
    int index = (int) vpn & INDEX_MASK;
    int change = (Pte.isNone(entry) ? 0 : 1) - (Pte.isNone(leaf[index]) ? 0 : 1);
    long tally = tallyOf(entry) - tallyOf(leaf[index]);
    if (tally != 0) {
      addTally(vpn >>> LEVEL_BITS, tally);
    }
    leaf[index] = entry;
    leaf[USED] += change;
    mappedPages += change;
  }

  /**
   * Visits the entries of [vpnStart, vpnEnd) that are not NONE in ascending order; absent parts
   * cost nothing per page.
   *
   * @throws IndexOutOfBoundsException if the range does not lie in [0, {@link #VPN_LIMIT})
   */
  public void forEachNonEmpty(long vpnStart, long vpnEnd, EntryVisitor visitor) {
    checkRange(vpnStart, vpnEnd);
    long leafEnd = leafEnd(vpnEnd);
    for (long index = nextLeaf(vpnStart >>> LEVEL_BITS, leafEnd);
        index < leafEnd;
        index = nextLeaf(index + 1, leafEnd)) {
      long[] leaf = leaf(index);
      if (leaf == null || leaf[USED] == 0) {
        continue;
      }
      long firstVpn = index << LEVEL_BITS;
      int to = (int) Math.min(FANOUT, vpnEnd - firstVpn);
      for (int i = (int) Math.max(0, vpnStart - firstVpn); i < to; i++) {
        if (!Pte.isNone(leaf[i])) {
          visitor.visit(firstVpn + i, leaf[i]);
        }
      }
    }
  }

  /**
   * Makes each entry of [vpnStart, vpnEnd) NONE, of the next generation if it was not NONE before,
   * and frees the leaves that are empty after it. What the entries referred to is the caller's.
   *
   * @return how many entries were not NONE
   * @throws IndexOutOfBoundsException if the range does not lie in [0, {@link #VPN_LIMIT})
   */
  public long clearRange(long vpnStart, long vpnEnd) {
    checkRange(vpnStart, vpnEnd);
    long before = mappedPages;
    long leafEnd = leafEnd(vpnEnd);
    for (long index = nextLeaf(vpnStart >>> LEVEL_BITS, leafEnd);
        index < leafEnd;
        index = nextLeaf(index + 1, leafEnd)) {
      long[] leaf = leaf(index);
      if (leaf == null) {
        continue;
      }
      long firstVpn = index << LEVEL_BITS;
      int from = (int) Math.max(0, vpnStart - firstVpn);
      clearEntries(index, leaf, from, (int) Math.min(FANOUT, vpnEnd - firstVpn));
      if (leaf[USED] == 0) {
        raiseFloorAbove(leaf);
        removeLeaf(index);
      }
    }
    return before - mappedPages;
  }

  /** The generation that the pages of absent leaves have. */
  public int generationFloor() {
    return generationFloor;
  }

  /** The number of entries that are not NONE. */
  public long mappedPages() {
    return mappedPages;
  }

  /** The memory that the table takes, with its inner nodes, in bytes (an upper estimate). */
  public long bytes() {
    return ROOT_BYTES + leaves * LEAF_BYTES + uppers * UPPER_BYTES + lowers * LOWER_BYTES;
  }

  /**
   * Counts the pages of [vpnStart, vpnEnd) that have a frame, and those that are invalidating; what
   * lies in the range as a whole leaf or directory costs one look.
   *
   * @return a tally: see {@link #resident} and {@link #invalidating}
   * @throws IndexOutOfBoundsException if the range does not lie in [0, {@link #VPN_LIMIT})
   */
  public long tally(long vpnStart, long vpnEnd) {
    checkRange(vpnStart, vpnEnd);
    long tally = 0;
    long vpn = vpnStart;
    while (vpn < vpnEnd) {
      long upperEnd = endOfPart(vpn, 3 * LEVEL_BITS);
      UpperDirectory upper = root[(int) (vpn >>> (3 * LEVEL_BITS))];
      if (upper != null) {
        boolean whole = upperEnd - vpn == 1L << (3 * LEVEL_BITS) && upperEnd <= vpnEnd;
        tally += whole ? upper.tally : tallyIn(upper, vpn, Math.min(upperEnd, vpnEnd));
      }
      vpn = upperEnd;
    }
    return tally;
  }

  /** The pages with a frame that a tally counts. */
  public static long resident(long tally) {
    return tally & RESIDENT_MASK;
  }

  /** The invalidating pages that a tally counts. */
  public static long invalidating(long tally) {
    return tally >>> INVALIDATING_SHIFT;
  }

  private static long tallyIn(UpperDirectory upper, long vpnStart, long vpnEnd) {
    long tally = 0;
    long vpn = vpnStart;
    while (vpn < vpnEnd) {
      long lowerEnd = endOfPart(vpn, 2 * LEVEL_BITS);
      LowerDirectory lower = upper.children[(int) (vpn >>> (2 * LEVEL_BITS)) & INDEX_MASK];
      if (lower != null) {
        boolean whole = lowerEnd - vpn == 1L << (2 * LEVEL_BITS) && lowerEnd <= vpnEnd;
        tally += whole ? lower.tally : tallyIn(lower, vpn, Math.min(lowerEnd, vpnEnd));
      }
      vpn = lowerEnd;
    }
    return tally;
  }

  private static long tallyIn(LowerDirectory lower, long vpnStart, long vpnEnd) {
    long tally = 0;
    long vpn = vpnStart;
    while (vpn < vpnEnd) {
      long leafEnd = endOfPart(vpn, LEVEL_BITS);
      int slot = (int) (vpn >>> LEVEL_BITS) & INDEX_MASK;
      if (leafEnd - vpn == FANOUT && leafEnd <= vpnEnd) {
        tally += lower.tallies[slot];
      } else if (lower.tallies[slot] != 0) {
        long[] leaf = lower.leaves[slot];
        for (long page = vpn; leaf != null && page < Math.min(leafEnd, vpnEnd); page++) {
          tally += tallyOf(leaf[(int) page & INDEX_MASK]);
        }
      }
      vpn = leafEnd;
    }
    return tally;
  }

  /** The first page behind the part of 2^bits pages that a page lies in. */
  private static long endOfPart(long vpn, int bits) {
    return ((vpn >>> bits) + 1) << bits;
  }

  private static long tallyOf(long entry) {
    if (Pte.isNone(entry)) {
      return 0;
    }
    return (Pte.hasFrame(entry) ? 1 : 0)
        + (Pte.isInvalidating(entry) ? 1L << INVALIDATING_SHIFT : 0);
  }

  /** Adds to a leaf that exists and to what it is in; what is taken away may be negative. */
  private void addTally(long leafIndex, long tally) {
    UpperDirectory upper = root[(int) (leafIndex >>> (2 * LEVEL_BITS))];
    LowerDirectory lower =
        upper == null ? null : upper.children[(int) (leafIndex >>> LEVEL_BITS) & INDEX_MASK];
    if (upper == null || lower == null) {
      throw new IllegalStateException("leaf " + leafIndex + " is absent");
    }
    upper.tally += tally;
    lower.tally += tally;
    lower.tallies[(int) leafIndex & INDEX_MASK] += tally;
  }

  private void clearEntries(long leafIndex, long[] leaf, int from, int to) {
    if (leaf[USED] == 0) {
      return;
    }
    int cleared = 0;
    long tally = 0;
    for (int i = from; i < to; i++) {
      if (!Pte.isNone(leaf[i])) {
        tally += tallyOf(leaf[i]);
        leaf[i] = Pte.cleared(leaf[i]);
        cleared++;
      }
    }
    leaf[USED] -= cleared;
    mappedPages -= cleared;
    addTally(leafIndex, -tally);
  }

  private void raiseFloorAbove(long[] leaf) {
    for (int i = 0; i < FANOUT; i++) {
      int above = Pte.nextGeneration(Pte.generation(leaf[i]));
      if (Pte.later(above, generationFloor)) {
        generationFloor = above;
      }
    }
  }

  /** The entries of the 2 MiB block that begins with the page, and more behind them; to be read. */
  long @Nullable [] leafOrNull(long blockStart) {
    checkVpn(blockStart);
    return leaf(blockStart >>> LEVEL_BITS);
  }

  private long @Nullable [] leaf(long leafIndex) {
    UpperDirectory upper = root[(int) (leafIndex >>> (2 * LEVEL_BITS))];
    if (upper == null) {
      return null;
    }
    LowerDirectory lower = upper.children[(int) (leafIndex >>> LEVEL_BITS) & INDEX_MASK];
    return lower == null ? null : lower.leaves[(int) leafIndex & INDEX_MASK];
  }

  private long[] addLeaf(long leafIndex) {
    int rootSlot = (int) (leafIndex >>> (2 * LEVEL_BITS));
    UpperDirectory upper = root[rootSlot];
    if (upper == null) {
      upper = new UpperDirectory();
      root[rootSlot] = upper;
      uppers++;
    }
    int upperSlot = (int) (leafIndex >>> LEVEL_BITS) & INDEX_MASK;
    LowerDirectory lower = upper.children[upperSlot];
    if (lower == null) {
      lower = new LowerDirectory();
      upper.children[upperSlot] = lower;
      upper.used++;
      lowers++;
    }
    long[] leaf = new long[FANOUT + 1];
    Arrays.fill(leaf, 0, FANOUT, Pte.none(generationFloor));
    lower.leaves[(int) leafIndex & INDEX_MASK] = leaf;
    lower.used++;
    leaves++;
    return leaf;
  }

  /** Frees a leaf that exists and the directories that are empty without it. */
  private void removeLeaf(long leafIndex) {
    int rootSlot = (int) (leafIndex >>> (2 * LEVEL_BITS));
    int upperSlot = (int) (leafIndex >>> LEVEL_BITS) & INDEX_MASK;
    UpperDirectory upper = root[rootSlot];
    LowerDirectory lower = upper == null ? null : upper.children[upperSlot];
    if (upper == null || lower == null) {
      throw new IllegalStateException("leaf " + leafIndex + " is absent");
    }
    lower.leaves[(int) leafIndex & INDEX_MASK] = null;
    leaves--;
    if (--lower.used > 0) {
      return;
    }
    upper.children[upperSlot] = null;
    lowers--;
    if (--upper.used > 0) {
      return;
    }
    root[rootSlot] = null;
    uppers--;
  }

  /** The first leaf at or after an index that exists, or the end; skips absent subtrees whole. */
  private long nextLeaf(long from, long leafEnd) {
    long index = from;
    while (index < leafEnd) {
      UpperDirectory upper = root[(int) (index >>> (2 * LEVEL_BITS))];
      if (upper == null) {
        index = ((index >>> (2 * LEVEL_BITS)) + 1) << (2 * LEVEL_BITS);
        continue;
      }
      LowerDirectory lower = upper.children[(int) (index >>> LEVEL_BITS) & INDEX_MASK];
      if (lower == null) {
        index = ((index >>> LEVEL_BITS) + 1) << LEVEL_BITS;
      } else if (lower.leaves[(int) index & INDEX_MASK] == null) {
        index++;
      } else {
        return index;
      }
    }
    return leafEnd;
  }

  private static long leafEnd(long vpnEnd) {
    return Math.min(LEAF_LIMIT, (vpnEnd + FANOUT - 1) >>> LEVEL_BITS);
  }

  private static void checkVpn(long vpn) {
    if (vpn < 0 || vpn >= VPN_LIMIT) {
      throw new IndexOutOfBoundsException("virtual page number " + vpn + " is not in [0, 2^35)");
    }
  }

  private static void checkRange(long vpnStart, long vpnEnd) {
    if (vpnStart < 0 || vpnStart > vpnEnd || vpnEnd > VPN_LIMIT) {
      throw new IndexOutOfBoundsException(
          "pages [" + vpnStart + ", " + vpnEnd + ") do not lie in [0, 2^35)");
    }
  }
}
