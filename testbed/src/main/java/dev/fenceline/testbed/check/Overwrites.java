package dev.fenceline.testbed.check;

/**
 * Answers by when a value must have been overwritten on one word.
 *
 * <p>Confined to one thread; built on first use, in O(n log n).
 */
final class Overwrites {

  private final History history;
  private final int[] operations;
  private final int from;
  private final int to;
  private long[] begins = new long[0];
  private long[] earliestEnds = new long[0];
  private boolean built;

  /** Of the word whose operations are {@code operations[from, to)}. */
  Overwrites(History history, int[] operations, int from, int to) {
    this.history = history;
    this.operations = operations;
    this.from = from;
    this.to = to;
  }

  /**
   * The earliest end of a write, reset or unmap that began after {@code nanos}: a value written
   * before then cannot be read by an operation that begins later. {@link Long#MAX_VALUE} if there
   * is none.
   */
  long after(long nanos) {
    if (!built) {
      build();
    }
    int low = 0;
    int high = begins.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (begins[middle] > nanos) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low == begins.length ? Long.MAX_VALUE : earliestEnds[low];
  }

  private void build() {
    int[] writers = new int[to - from];
    int count = 0;
    for (int i = from; i < to; i++) {
      if (!history.isRead(operations[i])) {
        writers[count++] = operations[i];
      }
    }
    new IndexSort().sort(writers, 0, count, history::invokedNanos);
    begins = new long[count];
    earliestEnds = new long[count];
    long earliest = Long.MAX_VALUE;
    for (int i = count - 1; i >= 0; i--) {
      earliest = Math.min(earliest, history.respondedNanos(writers[i]));
      begins[i] = history.invokedNanos(writers[i]);
      earliestEnds[i] = earliest;
    }
    built = true;
  }
}
