package dev.fenceline.concurrent;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A sparse map from virtual page numbers (35 bits) to entries (longs, 0 = absent): a radix tree
 * with leaves of 512 entries. Any number of threads read without locks or waiting; writers ({@link
 * #set}, {@link #clear}) are serialized by the caller, each one happening-before the next (the
 * owner's mailbox does that).
 *
 * <h2>Access modes</h2>
 *
 * <table>
 * <caption>Who touches what, how, and why</caption>
 * <tr><th>field<th>mode<th>why
 * <tr><td>Leaf.entries[i]<td>volatile both ways<td>one half of the Dekker pattern of {@link MirrorAccess}: a reader has
 *     announced itself before it reads, a writer looks for announcements after it has cleared
 * <tr><td>Directory.children[i]<td>release by the writer, acquire by readers<td>only publishes a node. A reader that still
 *     misses a new node reports a miss, which is always allowed; one that still holds an unlinked leaf reads the same
 *     entries that were cleared before the leaf was unlinked
 * <tr><td>Node.occupied<td>plain<td>the writer's own
 * <tr><td>entries, bytes<td>opaque<td>statistics: single writer, any reader, no order needed
 * </table>
 *
 * <h2>The race: unlinking a leaf against a reader inside it</h2>
 *
 * <pre>
 *   reader                                    writer
 *   --------------------------------------    --------------------------------------
 *   children[i]: leaf L
 *                                             L.entries[j] := 0            (volatile)
 *                                             children[i] := null, L is empty
 *                                             set(): children[i] := new leaf M
 *   L.entries[j]: 0    &lt;== must be a miss
 * </pre>
 *
 * An entry is cleared before its leaf is unlinked, and an unlinked leaf is never written again nor
 * linked again: whatever is read through it is absent, and the worst case is a fault too many. A
 * leaf that was recycled would break this.
 */
public final class MirrorTable {
  /** Exclusive bound of virtual page numbers. */
  public static final long VPN_LIMIT = 1L << 35;

  private static final int LEVEL_BITS = 9;
  private static final int FANOUT = 1 << LEVEL_BITS;
  private static final int ROOT_SHIFT = 3 * LEVEL_BITS;
  private static final int ROOT_FANOUT = (int) (VPN_LIMIT >>> ROOT_SHIFT);

  /** Of an array and the node that holds it, with compressed references. */
  private static final int NODE_OVERHEAD_BYTES = 16 + 24;

  /** Receives entries. */
  @FunctionalInterface
  public interface Visitor {
    void entry(long vpn, long entry);
  }

  private abstract static sealed class Node {
    /** How many children or entries are there; the writer's own. */
    int occupied;

    abstract long bytes();
  }

  private static final class Directory extends Node {
    final @Nullable Node[] children;

    Directory(int fanout) {
      this.children = new @Nullable Node[fanout];
    }

    @Nullable Node child(int index) {
      return (Node) CHILD.getAcquire(children, index);
    }

    void publish(int index, Node child) {
      occupied++;
      CHILD.setRelease(children, index, child);
    }

    void unlink(int index) {
      occupied--;
      CHILD.setRelease(children, index, (Node) null);
    }

    @Override
    long bytes() {
      return NODE_OVERHEAD_BYTES + (long) children.length * Integer.BYTES;
    }
  }

  private static final class Leaf extends Node {
    final long[] entries = new long[FANOUT];

    long entry(int index) {
      return (long) ENTRY.getVolatile(entries, index);
    }

    void put(int index, long entry) {
      ENTRY.setVolatile(entries, index, entry);
    }

    @Override
    long bytes() {
      return NODE_OVERHEAD_BYTES + (long) FANOUT * Long.BYTES;
    }
  }

  private static final VarHandle CHILD = MethodHandles.arrayElementVarHandle(Node[].class);
  private static final VarHandle ENTRY = MethodHandles.arrayElementVarHandle(long[].class);
  private static final VarHandle ENTRIES;
  private static final VarHandle BYTES;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      ENTRIES = lookup.findVarHandle(MirrorTable.class, "entries", long.class);
      BYTES = lookup.findVarHandle(MirrorTable.class, "bytes", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Directory root = new Directory(ROOT_FANOUT);

  private long entries;
  private long bytes = root.bytes();

  /** The entry of a page, 0 if absent. */
  public long get(long vpn) {
    Leaf leaf = leaf(Objects.checkIndex(vpn, VPN_LIMIT));
    return leaf == null ? 0 : leaf.entry(index(vpn, 0));
  }

  /**
   * Reads the entries of a range, in ascending order, as long as each has all of the needed bits.
   *
   * @param needed a mask, not 0
   * @param into receives the entries from index 0 on; what lies behind a refused page is undefined
   * @return the first page that is absent or lacks a needed bit, or {@code vpnStart + pageCount} if
   *     there is none
   */
  long readWhileGranted(long vpnStart, int pageCount, long needed, long[] into) {
    int read = 0;
    while (read < pageCount) {
      long vpn = vpnStart + read;
      Leaf leaf = leaf(vpn);
      if (leaf == null) {
        return vpn;
      }
      int index = index(vpn, 0);
      int end = Math.min(FANOUT, index + pageCount - read);
      while (index < end) {
        long entry = leaf.entry(index);
        if ((entry & needed) != needed) {
          return vpnStart + read;
        }
        into[read++] = entry;
        index++;
      }
    }
    return vpnStart + pageCount;
  }

  /**
   * Sets the entry of a page; 0 clears it. Writer only.
   *
   * @return the entry before
   */
  public long set(long vpn, long entry) {
    Objects.checkIndex(vpn, VPN_LIMIT);
    if (entry == 0) {
      long before = get(vpn);
      clear(vpn, vpn + 1);
      return before;
    }
    Leaf leaf = leafToWrite(vpn);
    int index = index(vpn, 0);
    long before = leaf.entry(index);
    leaf.put(index, entry);
    if (before == 0) {
      leaf.occupied++;
      count(1, 0);
    }
    return before;
  }

  /**
   * Clears the entries of a half-open range of pages; costs by what is present, not by the length.
   * Writer only.
   *
   * @return how many entries were cleared
   */
  public long clear(long vpnStart, long vpnEnd) {
    Objects.checkFromToIndex(vpnStart, vpnEnd, VPN_LIMIT);
    return clear(root, ROOT_SHIFT, vpnStart, vpnEnd);
  }

  /**
   * Visits the present entries of a half-open range of pages, ascending. While a writer is at work,
   * each entry is one that stood there at some moment during the call.
   */
  public void forEach(long vpnStart, long vpnEnd, Visitor visitor) {
    Objects.checkFromToIndex(vpnStart, vpnEnd, VPN_LIMIT);
    visit(root, ROOT_SHIFT, 0, new Span(vpnStart, vpnEnd), visitor);
  }

  /** How many entries are present. */
  public long entries() {
    return (long) ENTRIES.getOpaque(this);
  }

  /** Roughly how much heap the table holds, in bytes. */
  public long bytes() {
    return (long) BYTES.getOpaque(this);
  }

  private static int index(long vpn, int shift) {
    return (int) (vpn >>> shift) & (FANOUT - 1);
  }

  private @Nullable Leaf leaf(long vpn) {
    Node node = root;
    for (int shift = ROOT_SHIFT; node instanceof Directory directory; shift -= LEVEL_BITS) {
      node = directory.child(index(vpn, shift));
    }
    return (Leaf) node;
  }

  private Leaf leafToWrite(long vpn) {
    Directory directory = root;
    for (int shift = ROOT_SHIFT; ; shift -= LEVEL_BITS) {
      int index = index(vpn, shift);
      Node child = directory.child(index);
      if (child == null) {
        child = shift == LEVEL_BITS ? new Leaf() : new Directory(FANOUT);
        directory.publish(index, child);
        count(0, child.bytes());
      }
      switch (child) {
        case Leaf leaf -> {
          return leaf;
        }
        case Directory below -> directory = below;
      }
    }
  }

  /**
   * Clears below a directory; the bounds are relative to its first page and may lie outside of it.
   */
  private long clear(Directory directory, int shift, long from, long to) {
    long cleared = 0;
    int last = (int) Math.min(directory.children.length - 1L, (to - 1) >> shift);
    for (int i = (int) Math.max(0, from >> shift); i <= last && directory.occupied > 0; i++) {
      Node child = directory.child(i);
      if (child == null) {
        continue;
      }
      long base = (long) i << shift;
      cleared +=
          switch (child) {
            case Leaf leaf -> clear(leaf, from - base, to - base);
            case Directory below -> clear(below, shift - LEVEL_BITS, from - base, to - base);
          };
      if (child.occupied == 0) {
        directory.unlink(i);
        count(0, -child.bytes());
      }
    }
    return cleared;
  }

  private long clear(Leaf leaf, long from, long to) {
    int before = leaf.occupied;
    int end = (int) Math.min(FANOUT, to);
    for (int i = (int) Math.max(0, from); i < end && leaf.occupied > 0; i++) {
      if (leaf.entry(i) != 0) {
        leaf.put(i, 0);
        leaf.occupied--;
      }
    }
    int cleared = before - leaf.occupied;
    count(-cleared, 0);
    return cleared;
  }

  private record Span(long start, long end) {}

  private static void visit(Node node, int shift, long base, Span span, Visitor visitor) {
    int fanout = node instanceof Directory directory ? directory.children.length : FANOUT;
    long last = Math.min(fanout - 1L, (span.end() - base - 1) >> shift);
    for (int i = (int) Math.max(0, (span.start() - base) >> shift); i <= last; i++) {
      long vpn = base + ((long) i << shift);
      switch (node) {
        case Leaf leaf -> {
          long entry = leaf.entry(i);
          if (entry != 0) {
            visitor.entry(vpn, entry);
          }
        }
        case Directory directory -> {
          Node child = directory.child(i);
          if (child != null) {
            visit(child, shift - LEVEL_BITS, vpn, span, visitor);
          }
        }
      }
    }
  }

  private void count(long moreEntries, long moreBytes) {
    ENTRIES.setOpaque(this, entries + moreEntries);
    BYTES.setOpaque(this, bytes + moreBytes);
  }
}
