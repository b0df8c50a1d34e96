package dev.fenceline.host.engine.notifier;

import org.jspecify.annotations.Nullable;

/**
 * The pages that one mirror has been granted: a sparse set of 35-bit virtual page numbers, which an
 * invalidation asks whether the device holds anything at all in its range. Confined to the shard.
 *
 * <p>A trie of four levels of 64 children each over leaves of 4096 bits. Each part knows how many
 * pages are held in it, so that a part which is absent, counted whole or released whole costs the
 * same whatever is below; empty parts are freed, and an empty map has none.
 */
public final class HolderMap {
  /** One more than the highest virtual page number. */
  public static final long VPN_LIMIT = 1L << 35;

  private static final int ROOT_SHIFT = HolderPart.Leaf.SPAN_BITS + 3 * HolderPart.Node.CHILD_BITS;
  private static final long MAP_BYTES = 24;

  private HolderPart.@Nullable Node root;

  /** What is called for each run of held pages. */
  @FunctionalInterface
  public interface RunVisitor {
    /** Receives the run [vpnStart, vpnEnd); it may grant and release. */
    void visit(long vpnStart, long vpnEnd);
  }

  /**
   * Adds the {@code count} pages from {@code vpnStart} on; those that are held stay held.
   *
   * @throws IndexOutOfBoundsException if they do not lie in [0, {@link #VPN_LIMIT})
   */
  public void grant(long vpnStart, long count) {
    if (count < 0 || count > VPN_LIMIT) {
      throw new IndexOutOfBoundsException("a run of " + count + " pages");
    }
    checkRange(vpnStart, vpnStart + count);
    if (count == 0) {
      return;
    }
    if (root == null) {
      root = new HolderPart.Node(ROOT_SHIFT);
    }
    root.grant(vpnStart, vpnStart + count);
  }

  /**
   * Removes the pages of [vpnStart, vpnEnd); those that are not held are none the worse.
   *
   * @throws IndexOutOfBoundsException if the range does not lie in [0, {@link #VPN_LIMIT})
   */
  public void release(long vpnStart, long vpnEnd) {
    checkRange(vpnStart, vpnEnd);
    if (root == null || vpnStart == vpnEnd) {
      return;
    }
    root.release(vpnStart, vpnEnd);
    if (root.held() == 0) {
      root = null;
    }
  }

  /**
   * Whether any page of [vpnStart, vpnEnd) is held.
   *
   * @throws IndexOutOfBoundsException if the range does not lie in [0, {@link #VPN_LIMIT})
   */
  public boolean holdsAny(long vpnStart, long vpnEnd) {
    return nextHeld(vpnStart, vpnEnd) < vpnEnd;
  }

  /** The number of pages held. */
  public long heldPages() {
    return root == null ? 0 : root.held();
  }

  /**
   * The number of pages of [vpnStart, vpnEnd) that are held.
   *
   * @throws IndexOutOfBoundsException if the range does not lie in [0, {@link #VPN_LIMIT})
   */
  public long heldPages(long vpnStart, long vpnEnd) {
    checkRange(vpnStart, vpnEnd);
    return root == null || vpnStart == vpnEnd ? 0 : root.heldIn(vpnStart, vpnEnd);
  }

  /**
   * Passes on the longest runs of held pages in [vpnStart, vpnEnd), cut to it, ascending.
   *
   * @throws IndexOutOfBoundsException if the range does not lie in [0, {@link #VPN_LIMIT})
   */
  public void forEachHeldRun(long vpnStart, long vpnEnd, RunVisitor visitor) {
    long start = nextHeld(vpnStart, vpnEnd);
    while (start < vpnEnd) {
      long end = root == null ? start : root.nextFree(start, vpnEnd);
      visitor.visit(start, end);
      start = nextHeld(end, vpnEnd);
    }
  }

  /** The memory that the map takes, in bytes (an upper estimate); costs a walk over all parts. */
  public long bytes() {
    return MAP_BYTES + (root == null ? 0 : root.bytes());
  }

  /**
   * The first held page of [vpnStart, vpnEnd), or {@code vpnEnd}.
   *
   * @throws IndexOutOfBoundsException if the range does not lie in [0, {@link #VPN_LIMIT})
   */
  public long nextHeld(long vpnStart, long vpnEnd) {
    checkRange(vpnStart, vpnEnd);
    return root == null || vpnStart == vpnEnd ? vpnEnd : root.nextHeld(vpnStart, vpnEnd);
  }

  private static void checkRange(long vpnStart, long vpnEnd) {
    if (vpnStart < 0 || vpnStart > vpnEnd || vpnEnd > VPN_LIMIT) {
      throw new IndexOutOfBoundsException(
          "pages [" + vpnStart + ", " + vpnEnd + ") do not lie in [0, 2^35)");
    }
  }
}
