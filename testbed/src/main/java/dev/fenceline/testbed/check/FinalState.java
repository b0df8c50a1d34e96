package dev.fenceline.testbed.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * The comparison of an address space's bytes at the end of a run with what a model says they are.
 *
 * <p>Confined to one thread. Bytes are compared in the order in which they are handed over; a run
 * of differing bytes is one difference.
 */
public final class FinalState {

  private final int maxKept;
  private final List<Difference> kept = new ArrayList<>();
  private long comparedBytes;
  private long differingBytes;
  private long differences;

  /** Keeps the first {@code maxKept} differences and counts all. */
  public FinalState(int maxKept) {
    this.maxKept = maxKept;
  }

  /**
   * A run of bytes that are not what they should be.
   *
   * @param word the key of its first byte, see {@link History#word}
   * @param expected its first bytes as the model has them, at most 8
   * @param actual its first bytes as they are, at most 8
   */
  public record Difference(long word, long lengthBytes, String expected, String actual) {

    @Override
    public String toString() {
      return History.describeWord(word)
          + ": "
          + lengthBytes
          + " bytes differ: expected "
          + expected
          + ", found "
          + actual;
    }
  }

  /** What the comparison shows. Only {@link Same} is a pass. */
  public sealed interface Verdict {

    /** All bytes agree. */
    record Same(long comparedBytes) implements Verdict {}

    /**
     * Some do not.
     *
     * @param first the first differences, in the order of comparing
     */
    record Different(
        long comparedBytes, long differingBytes, long differences, List<Difference> first)
        implements Verdict {}
  }

  /**
   * Compares a piece of memory.
   *
   * @param word the key of the first byte, see {@link History#word}
   * @param expected the model's bytes
   * @param actual the bytes read back, as many
   */
  public void compare(long word, byte[] expected, byte[] actual) {
    if (expected.length != actual.length) {
      throw new IllegalArgumentException(
          "expected " + expected.length + " bytes, were given " + actual.length);
    }
    comparedBytes += expected.length;
    int at = mismatch(expected, actual, 0);
    while (at >= 0) {
      int end = at + 1;
      while (end < expected.length && expected[end] != actual[end]) {
        end++;
      }
      differences++;
      differingBytes += end - at;
      if (kept.size() < maxKept) {
        kept.add(new Difference(word + at, end - at, hex(expected, at, end), hex(actual, at, end)));
      }
      at = mismatch(expected, actual, end);
    }
  }

  private static int mismatch(byte[] expected, byte[] actual, int from) {
    int at = Arrays.mismatch(expected, from, expected.length, actual, from, actual.length);
    return at < 0 ? -1 : from + at;
  }

  private static String hex(byte[] bytes, int from, int end) {
    return HexFormat.of().formatHex(bytes, from, Math.min(end, from + 8));
  }

  /** The outcome of all comparisons so far. */
  public Verdict verdict() {
    return differences == 0
        ? new Verdict.Same(comparedBytes)
        : new Verdict.Different(comparedBytes, differingBytes, differences, List.copyOf(kept));
  }
}
