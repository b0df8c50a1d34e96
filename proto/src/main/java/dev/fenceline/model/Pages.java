package dev.fenceline.model;

/** Page arithmetic of the 47-bit address space; stateless. */
public final class Pages {
  public static final int SHIFT = 12;
  public static final int SIZE_BYTES = 1 << SHIFT;

  /** First address behind the address space. */
  public static final long ADDRESS_LIMIT = 1L << 47;

  /** First page number behind the address space. */
  public static final long PAGE_LIMIT = ADDRESS_LIMIT >>> SHIFT;

  /** A large page, of 2 MiB, is an aligned block of 2^9 pages. */
  public static final int BLOCK_ORDER = 9;

  /** Pages of a 2 MiB block. */
  public static final int PER_BLOCK = 1 << BLOCK_ORDER;

  private Pages() {}

  /** The first page of the 2 MiB block that a page lies in. */
  public static long blockStart(long number) {
    return number & -PER_BLOCK;
  }

  /** Page number of {@code address}. */
  public static long number(long address) {
    return address >>> SHIFT;
  }

  /** First address of page {@code number}. */
  public static long address(long number) {
    return number << SHIFT;
  }

  /** {@code address} rounded up to a page boundary. */
  public static long roundUp(long address) {
    return (address + SIZE_BYTES - 1) & -SIZE_BYTES;
  }

  public static boolean aligned(long address) {
    return (address & (SIZE_BYTES - 1)) == 0;
  }

  /** Pages touched by {@code length} bytes at {@code address}; length at least 1. */
  public static int touched(long address, int length) {
    return (int) (number(address + length - 1) - number(address) + 1);
  }
}
