package dev.fenceline.model;

/**
 * A non-empty, page-aligned interval [start, end) of the 47-bit address space; immutable.
 *
 * <p>What comes from outside goes through {@link #check} or {@link #checkRoundingUp}; the
 * constructor is for values that are known to be right.
 */
public record VirtualRange(long start, long end) {

  /** Whether what a caller asked for is a range. */
  public sealed interface Check permits Valid, Invalid {}

  /** It is one. */
  public record Valid(VirtualRange range) implements Check {}

  /** It is none; the detail names the offending value. */
  public record Invalid(Flaw flaw, String detail) implements Check {}

  /** What keeps an interval from being a range, in the order in which it is looked for. */
  public enum Flaw {
    /** Start or length is not a multiple of the page size. */
    UNALIGNED,
    /** The length is zero. */
    EMPTY,
    /** The length is negative, or start + length does not fit in a long. */
    OVERFLOWING,
    /** A part lies outside [0, 2^47). */
    OUT_OF_SPACE
  }

  /**
   * @throws IllegalArgumentException if this is no range
   */
  public VirtualRange {
    if (!Pages.aligned(start)
        || !Pages.aligned(end)
        || start < 0
        || start >= end
        || end > Pages.ADDRESS_LIMIT) {
      throw new IllegalArgumentException("no range of pages: " + describe(start, end));
    }
  }

  /**
   * The range of {@code length} bytes at {@code start}; both must be multiples of the page size.
   */
  public static Check check(long start, long length) {
    if (!Pages.aligned(start)) {
      return unaligned("start", start);
    }
    if (!Pages.aligned(length)) {
      return unaligned("length", length);
    }
    return checkAligned(start, length);
  }

  /** As {@link #check}, with a length that is rounded up to whole pages, as mmap(2) does. */
  public static Check checkRoundingUp(long start, long length) {
    if (!Pages.aligned(start)) {
      return unaligned("start", start);
    }
    if (length > Long.MAX_VALUE - Pages.SIZE_BYTES) {
      return new Invalid(Flaw.OVERFLOWING, overflowing(start, length));
    }
    return checkAligned(start, Pages.roundUp(length));
  }

  private static Check checkAligned(long start, long length) {
    if (length == 0) {
      return new Invalid(Flaw.EMPTY, "length 0 at start 0x" + Long.toHexString(start));
    }
    long end = start + length;
    if (length < 0 || (start > 0 && end < 0)) {
      return new Invalid(Flaw.OVERFLOWING, overflowing(start, length));
    }
    if (start < 0 || end > Pages.ADDRESS_LIMIT) {
      return new Invalid(Flaw.OUT_OF_SPACE, describe(start, end) + " does not lie in [0, 2^47)");
    }
    return new Valid(new VirtualRange(start, end));
  }

  public long lengthBytes() {
    return end - start;
  }

  public long pages() {
    return Pages.number(end - start);
  }

  /** Number of the first page. */
  public long firstPage() {
    return Pages.number(start);
  }

  /** Number of the page behind the last one. */
  public long endPage() {
    return Pages.number(end);
  }

  public boolean contains(long address) {
    return start <= address && address < end;
  }

  public boolean contains(VirtualRange other) {
    return start <= other.start && other.end <= end;
  }

  public boolean overlaps(VirtualRange other) {
    return start < other.end && other.start < end;
  }

  @Override
  public String toString() {
    return describe(start, end);
  }

  private static Check unaligned(String what, long value) {
    return new Invalid(
        Flaw.UNALIGNED,
        what + " 0x" + Long.toHexString(value) + " is not a multiple of " + Pages.SIZE_BYTES);
  }

  private static String overflowing(long start, long length) {
    return "start 0x"
        + Long.toHexString(start)
        + " + length 0x"
        + Long.toHexString(length)
        + " overflows";
  }

  private static String describe(long start, long end) {
    return "[0x" + Long.toHexString(start) + ", 0x" + Long.toHexString(end) + ")";
  }
}
