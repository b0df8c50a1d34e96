package dev.fenceline.agent.runtime.program;

/**
 * What an execution unit can run; immutable by convention (arrays are not copied). Words are 8
 * bytes, little-endian.
 */
public sealed interface Program {
  /** Writes the word over and over; a last partial word is cut. */
  record Fill(long address, long length, long word) implements Program {}

  /** Copies; the two ranges may not overlap. */
  record Copy(long source, long target, long length) implements Program {}

  /** target[i] = a[i] + b[i] for words. */
  record Add(long a, long b, long target, long length) implements Program {}

  /** Sum of all words (a last partial one is padded with zeros) and CRC-32C of the bytes. */
  record Checksum(long address, long length) implements Program {}

  /** Follows addresses. */
  record PointerChase(long start, int hops) implements Program {}

  /** Reads and writes every stride-th word at random; written values are unique. */
  record RandomAccess(
      long address,
      long length,
      int operations,
      int writePercent,
      long seed,
      int writer,
      long firstCounter,
      int strideWords)
      implements Program {}

  record AtomicAdd(long address, int times, long operand) implements Program {}

  /** One load, or one store of the data. */
  record SingleAccess(long address, int length, boolean write, byte[] data) implements Program {}

  /**
   * Loads and stores of words in order; stored values are unique.
   *
   * @param accesses address of the word, plus {@link #LOAD}, {@link #STORE} or {@link #MODIFY}
   */
  record AccessBatch(long[] accesses, int writer, long firstCounter) implements Program {
    static final int LOAD = 0;
    static final int STORE = 1;
    static final int MODIFY = 2;
    static final int KIND_MASK = Long.BYTES - 1;
  }
}
