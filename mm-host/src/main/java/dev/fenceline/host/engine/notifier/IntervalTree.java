package dev.fenceline.host.engine.notifier;

import java.util.Arrays;
import java.util.ConcurrentModificationException;
import java.util.function.IntConsumer;

/**
 * A set of half-open intervals of longs under small non-negative handles, which finds all that
 * overlap a given one. Confined to the shard.
 *
 * <p>A B-tree over (start, handle) in which each inner entry also carries the highest end below it.
 * All but the last child that the search enters hold a hit, so a search costs O(log n + hits). All
 * nodes live in one long array and an entry's parts lie together by kind, so that a node is read as
 * three short sequential runs: at 1,000,000 intervals a search touches five nodes instead of the
 * twenty or more scattered ones of a binary tree.
 *
 * <pre>
 *   node, 64 longs:  count | 21 starts | 21 ends | 21 references
 *   entry of a leaf:  start, end, handle &lt;&lt; 32
 *   inner entry:      lowest start, highest end, handle of the lowest start &lt;&lt; 32 | child
 * </pre>
 */
public final class IntervalTree {
  private static final int NODE_SHIFT = 6;
  private static final int NODE_LONGS = 1 << NODE_SHIFT;
  private static final int FANOUT = 21;
  private static final int MIN_COUNT = 8;
  private static final int STARTS = 1;
  private static final int ENDS = STARTS + FANOUT;
  private static final int REFS = ENDS + FANOUT;

  private static final int NO_NODE = -1;
  private static final int NO_HANDLE = -1;

  /** In place of the start of a handle that is free; its end is then the next free handle. */
  private static final long FREE = Long.MAX_VALUE;

  private static final int ARRAY_HEADER_BYTES = 16;
  private static final int OBJECT_BYTES = 56;

  private long[] nodes = new long[4 * NODE_LONGS];
  private int nodesEnd = 1;
  private int firstFreeNode = NO_NODE;
  private int root;

  /** Inner levels above the leaves: 0 while the root is a leaf. */
  private int height;

  private long[] intervals = new long[16];
  private int handlesEnd;
  private int firstFreeHandle = NO_HANDLE;
  private int size;
  private int changes;

  /**
   * Adds the interval [start, end), also if an equal one is there.
   *
   * @return its handle, the one that was freed last if any is free
   * @throws IllegalArgumentException if the interval is empty
   */
  public int insert(long start, long end) {
    if (start >= end) {
      throw new IllegalArgumentException("empty interval [" + start + ", " + end + ")");
    }
    int handle = takeHandle(start, end);
    if (count(root) == FANOUT) {
      growRoot();
    }
    int node = root;
    for (int level = height; level > 0; level--) {
      int index = Math.max(0, lastAtOrBefore(node, start, handle));
      if (count(child(node, index)) == FANOUT) {
        split(node, index);
        if (isAtOrBefore(node, index + 1, start, handle)) {
          index++;
        }
      }
      widen(node, index, start, end, handle);
      node = child(node, index);
    }
    int index = lastAtOrBefore(node, start, handle) + 1;
    openEntry(node, index, start, end, (long) handle << 32);
    size++;
    changes++;
    return handle;
  }

  /**
   * Removes an interval and frees its handle.
   *
   * @throws IllegalArgumentException if no interval has this handle
   */
  public void remove(int handle) {
    removeBelow(root, height, start(handle), handle);
    if (height > 0 && count(root) == 1) {
      int onlyChild = child(root, 0);
      freeNode(root);
      root = onlyChild;
      height--;
    }
    intervals[2 * handle] = FREE;
    intervals[2 * handle + 1] = firstFreeHandle;
    firstFreeHandle = handle;
    size--;
    changes++;
  }

  /**
   * The inclusive start of an interval.
   *
   * @throws IllegalArgumentException if no interval has this handle
   */
  public long start(int handle) {
    checkHandle(handle);
    return intervals[2 * handle];
  }

  /**
   * The exclusive end of an interval.
   *
   * @throws IllegalArgumentException if no interval has this handle
   */
  public long end(int handle) {
    checkHandle(handle);
    return intervals[2 * handle + 1];
  }

  public int size() {
    return size;
  }

  /**
   * Passes on the handle of each interval that shares a point with [start, end), ordered by start,
   * then by handle; none if the range is empty. Allocates nothing.
   *
   * @throws ConcurrentModificationException if the receiver changes the tree
   */
  public void forEachOverlap(long start, long end, IntConsumer receiver) {
    if (start < end) {
      visit(root, height, start, end, receiver);
    }
  }

  /** Whether any interval shares a point with [start, end); false for an empty range. */
  public boolean anyOverlap(long start, long end) {
    if (start >= end) {
      return false;
    }
    int node = root;
    for (int level = height; ; level--) {
      int base = node << NODE_SHIFT;
      int count = (int) nodes[base];
      int last = -1;
      while (last + 1 < count && nodes[base + STARTS + last + 1] < end) {
        last++;
        // All that starts below an earlier child starts before the end of the range as well, so
        // its highest end decides; only for the last child it may belong to a later start.
        boolean decides = level == 0 || (last + 1 < count && nodes[base + STARTS + last + 1] < end);
        if (decides && nodes[base + ENDS + last] > start) {
          return true;
        }
      }
      if (level == 0 || last < 0 || nodes[base + ENDS + last] <= start) {
        return false;
      }
      node = (int) nodes[base + REFS + last];
    }
  }

  /** The memory that the tree holds on to, in bytes. */
  public long bytes() {
    return OBJECT_BYTES + 2L * ARRAY_HEADER_BYTES + 8L * (nodes.length + intervals.length);
  }

  private void visit(int node, int level, long start, long end, IntConsumer receiver) {
    long[] pool = nodes;
    int base = node << NODE_SHIFT;
    int count = (int) pool[base];
    for (int i = 0; i < count && pool[base + STARTS + i] < end; i++) {
      if (pool[base + ENDS + i] <= start) {
        continue;
      }
      if (level > 0) {
        visit((int) pool[base + REFS + i], level - 1, start, end, receiver);
      } else {
        int before = changes;
        receiver.accept((int) (pool[base + REFS + i] >>> 32));
        if (before != changes) {
          throw new ConcurrentModificationException("the tree changed under its own search");
        }
      }
    }
  }

  // Handles.

  private int takeHandle(long start, long end) {
    int handle = firstFreeHandle;
    if (handle == NO_HANDLE) {
      handle = handlesEnd++;
      if (2 * handle == intervals.length) {
        intervals = Arrays.copyOf(intervals, grown(intervals.length));
      }
    } else {
      firstFreeHandle = (int) intervals[2 * handle + 1];
    }
    intervals[2 * handle] = start;
    intervals[2 * handle + 1] = end;
    return handle;
  }

  private void checkHandle(int handle) {
    if (handle < 0 || handle >= handlesEnd || intervals[2 * handle] == FREE) {
      throw new IllegalArgumentException("no interval has the handle " + handle);
    }
  }

  // Nodes: their memory and their entries.

  private int takeNode() {
    int node = firstFreeNode;
    if (node == NO_NODE) {
      node = nodesEnd++;
      if (node << NODE_SHIFT == nodes.length) {
        nodes = Arrays.copyOf(nodes, grown(nodes.length));
      }
    } else {
      firstFreeNode = (int) nodes[node << NODE_SHIFT];
    }
    nodes[node << NODE_SHIFT] = 0;
    return node;
  }

  private void freeNode(int node) {
    nodes[node << NODE_SHIFT] = firstFreeNode;
    firstFreeNode = node;
  }

  /** Half as much again, in whole nodes; an even number, so that handles fit as well. */
  private static int grown(int length) {
    return Math.addExact(length, Math.max(16, length / 2 / NODE_LONGS * NODE_LONGS));
  }

  private int count(int node) {
    return (int) nodes[node << NODE_SHIFT];
  }

  private void setCount(int node, int count) {
    nodes[node << NODE_SHIFT] = count;
  }

  private int child(int node, int index) {
    return (int) nodes[(node << NODE_SHIFT) + REFS + index];
  }

  private boolean isAtOrBefore(int node, int index, long start, int handle) {
    int base = node << NODE_SHIFT;
    long entryStart = nodes[base + STARTS + index];
    return entryStart < start
        || (entryStart == start && (int) (nodes[base + REFS + index] >>> 32) <= handle);
  }

  /** The last entry whose key is at or before (start, handle), or -1. */
  private int lastAtOrBefore(int node, long start, int handle) {
    int index = 0;
    int count = count(node);
    while (index < count && isAtOrBefore(node, index, start, handle)) {
      index++;
    }
    return index - 1;
  }

  private void setEntry(int node, int index, long start, long end, long reference) {
    int base = node << NODE_SHIFT;
    nodes[base + STARTS + index] = start;
    nodes[base + ENDS + index] = end;
    nodes[base + REFS + index] = reference;
  }

  private void openEntry(int node, int index, long start, long end, long reference) {
    moveEntries(node, index, node, index + 1, count(node) - index);
    nodes[node << NODE_SHIFT]++;
    setEntry(node, index, start, end, reference);
  }

  private void closeEntry(int node, int index) {
    moveEntries(node, index + 1, node, index, count(node) - index - 1);
    nodes[node << NODE_SHIFT]--;
  }

  /** Copies entries; the counts are the caller's. */
  private void moveEntries(int from, int fromIndex, int to, int toIndex, int entries) {
    int source = (from << NODE_SHIFT) + fromIndex;
    int target = (to << NODE_SHIFT) + toIndex;
    System.arraycopy(nodes, source + STARTS, nodes, target + STARTS, entries);
    System.arraycopy(nodes, source + ENDS, nodes, target + ENDS, entries);
    System.arraycopy(nodes, source + REFS, nodes, target + REFS, entries);
  }

  // The shape of the tree.

  private void growRoot() {
    int oldRoot = root;
    root = takeNode();
    setCount(root, 1);
    summarize(root, 0, oldRoot);
    height++;
    split(root, 0);
  }

  /** Moves the upper half of a full child to a new node behind it; the parent has room. */
  private void split(int parent, int index) {
    int left = child(parent, index);
    int right = takeNode();
    int kept = FANOUT / 2;
    moveEntries(left, kept, right, 0, FANOUT - kept);
    setCount(left, kept);
    setCount(right, FANOUT - kept);
    summarize(parent, index, left);
    openEntry(parent, index + 1, 0, 0, 0);
    summarize(parent, index + 1, right);
  }

  /** Makes an inner entry stand for a child as it is now. */
  private void summarize(int parent, int index, int child) {
    int base = child << NODE_SHIFT;
    int count = (int) nodes[base];
    long highestEnd = Long.MIN_VALUE;
    for (int i = 0; i < count; i++) {
      highestEnd = Math.max(highestEnd, nodes[base + ENDS + i]);
    }
    long lowestHandle = nodes[base + REFS] >>> 32;
    setEntry(parent, index, nodes[base + STARTS], highestEnd, (lowestHandle << 32) | child);
  }

  /** Makes an inner entry cover an interval that is about to be added below it. */
  private void widen(int node, int index, long start, long end, int handle) {
    int base = node << NODE_SHIFT;
    nodes[base + ENDS + index] = Math.max(nodes[base + ENDS + index], end);
    if (!isAtOrBefore(node, index, start, handle)) {
      nodes[base + STARTS + index] = start;
      nodes[base + REFS + index] = ((long) handle << 32) | child(node, index);
    }
  }

  private void removeBelow(int node, int level, long start, int handle) {
    int index = lastAtOrBefore(node, start, handle);
    if (level == 0) {
      closeEntry(node, index);
      return;
    }
    int child = child(node, index);
    removeBelow(child, level - 1, start, handle);
    summarize(node, index, child);
    if (count(child) < MIN_COUNT) {
      int left = index > 0 ? index - 1 : 0;
      balance(node, left, left + 1);
    }
  }

  /** Merges two neighbouring children if they fit in one node, else evens them out. */
  private void balance(int parent, int leftIndex, int rightIndex) {
    int left = child(parent, leftIndex);
    int right = child(parent, rightIndex);
    int leftCount = count(left);
    int total = leftCount + count(right);
    if (total <= FANOUT) {
      moveEntries(right, 0, left, leftCount, total - leftCount);
      setCount(left, total);
      freeNode(right);
      closeEntry(parent, rightIndex);
    } else {
      int kept = total / 2;
      if (leftCount < kept) {
        int moved = kept - leftCount;
        moveEntries(right, 0, left, leftCount, moved);
        moveEntries(right, moved, right, 0, total - kept);
      } else {
        int moved = leftCount - kept;
        moveEntries(right, 0, right, moved, total - leftCount);
        moveEntries(left, kept, right, 0, moved);
      }
      setCount(left, kept);
      setCount(right, total - kept);
      summarize(parent, rightIndex, right);
    }
    summarize(parent, leftIndex, left);
  }

  /**
   * Checks the order, the summaries and the fill of every node.
   *
   * @throws IllegalStateException if the tree is broken
   */
  void verify() {
    int found = verify(root, height);
    if (found != size) {
      throw new IllegalStateException(found + " entries, but size " + size);
    }
  }

  private int verify(int node, int level) {
    int base = node << NODE_SHIFT;
    int count = count(node);
    boolean underfull = count < MIN_COUNT && node != root;
    if (underfull || count > FANOUT) {
      throw new IllegalStateException("node " + node + " holds " + count);
    }
    int found = level == 0 ? count : 0;
    for (int i = 0; i < count; i++) {
      long start = nodes[base + STARTS + i];
      long end = nodes[base + ENDS + i];
      long reference = nodes[base + REFS + i];
      if (i > 0 && !isAtOrBefore(node, i - 1, start, (int) (reference >>> 32))) {
        throw new IllegalStateException("node " + node + " is out of order at " + i);
      }
      if (level > 0) {
        found += verify((int) reference, level - 1);
        summarize(node, i, (int) reference);
        if (start != nodes[base + STARTS + i]
            || end != nodes[base + ENDS + i]
            || reference != nodes[base + REFS + i]) {
          throw new IllegalStateException("node " + node + " misstates its child " + i);
        }
      }
    }
    return found;
  }
}
