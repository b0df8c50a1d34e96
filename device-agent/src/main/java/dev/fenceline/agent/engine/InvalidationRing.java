package dev.fenceline.agent.engine;

/**
 * The invalidations of one address space that arrived last, to tell whether a translation read at
 * some sequence is still good. Confined to its engine.
 *
 * <pre>
 *   fault                                     invalidation
 *   --------------------------------------    --------------------------------------
 *   host reads entries at sequence s
 *                                             host sets sequence s+1, says Invalidate
 *   reply (s) travels
 *                                             Invalidate arrives: drop, record s+1
 *   reply arrives: overlaps a record &gt; s  &lt;== must not install: INV-5
 * </pre>
 *
 * What was forgotten counts as overlapping everything.
 */
final class InvalidationRing {
  /** How many invalidations are remembered. */
  static final int SIZE = 128;

  private final long[] sequences = new long[SIZE];
  private final long[] starts = new long[SIZE];
  private final long[] ends = new long[SIZE];
  private int count;
  private int next;

  /** The greatest sequence that was forgotten. */
  private long floor = Long.MIN_VALUE;

  void record(long sequence, long start, long end) {
    if (count == SIZE) {
      floor = Math.max(floor, sequences[next]);
    } else {
      count++;
    }
    sequences[next] = sequence;
    starts[next] = start;
    ends[next] = end;
    next = (next + 1) % SIZE;
  }

  /** Whether an invalidation later than {@code sequence} may overlap the half-open interval. */
  boolean collides(long sequence, long start, long end) {
    if (sequence < floor) {
      return true;
    }
    for (int i = 0; i < count; i++) {
      if (sequences[i] > sequence && starts[i] < end && start < ends[i]) {
        return true;
      }
    }
    return false;
  }
}
