package dev.fenceline.testbed.replay;

/**
 * Memory as a system call names it: an address, and a length that need not be whole pages.
 *
 * <p>Immutable.
 */
record PageRange(long address, long lengthBytes) {
  static final long PAGE_BYTES = 4096;

  /** The first byte of the first page. */
  long start() {
    return address & -PAGE_BYTES;
  }

  /** The first byte behind the last page. */
  long end() {
    return address + lengthBytes + PAGE_BYTES - 1 & -PAGE_BYTES;
  }

  long pages() {
    return (end() - start()) / PAGE_BYTES;
  }

  boolean overlaps(long from, long to) {
    return start() < to && from < end();
  }

  /** The whole pages of [start, end). */
  static PageRange between(long start, long end) {
    return new PageRange(start, end - start);
  }

  @Override
  public String toString() {
    return "[0x" + Long.toHexString(start()) + ", 0x" + Long.toHexString(end()) + ")";
  }
}
