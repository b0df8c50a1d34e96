package dev.fenceline.concurrent;

import java.util.Objects;

/**
 * The layout of a word in which an access announces itself: one long. Stateless.
 *
 * <pre>
 *   63                     29 28          16 15          0
 *  +-------------------------+--------------+-------------+
 *  | first page (35 bits)    | pages (13)   | sequence    |
 *  +-------------------------+--------------+-------------+
 * </pre>
 *
 * No pages: the slot is free. The sequence counts the accesses of a slot, survives in the free
 * word, and makes each announcement of a slot unlike the 65,535 before it, so that an observer can
 * tell the access that it saw from a later one to the same pages. After a full turn it may mistake
 * them, and then waits longer than it has to.
 */
final class Announcement {
  /** Inclusive bound of the pages of one access. */
  static final int MAX_PAGES = (1 << 13) - 1;

  private static final int PAGES_SHIFT = 16;
  private static final int VPN_SHIFT = 29;
  private static final long SEQUENCE_MASK = (1L << PAGES_SHIFT) - 1;

  private Announcement() {}

  /** The announcement that follows a free word. */
  static long next(long free, long vpnStart, int pageCount) {
    if (pageCount < 1 || pageCount > MAX_PAGES) {
      throw new IllegalArgumentException(
          "an access of " + pageCount + " pages is not in [1, 8191]");
    }
    Objects.checkFromIndexSize(vpnStart, (long) pageCount, MirrorTable.VPN_LIMIT);
    return (vpnStart << VPN_SHIFT)
        | ((long) pageCount << PAGES_SHIFT)
        | ((free + 1) & SEQUENCE_MASK);
  }

  /** The free word that follows an announcement. */
  static long withdrawn(long announcement) {
    return announcement & SEQUENCE_MASK;
  }

  static boolean isFree(long word) {
    return (word & ~SEQUENCE_MASK) == 0;
  }

  static long vpnStart(long announcement) {
    return announcement >>> VPN_SHIFT;
  }

  static int pageCount(long announcement) {
    return (int) (announcement >>> PAGES_SHIFT) & MAX_PAGES;
  }

  /** Whether the word announces an access to a page of the half-open range. */
  static boolean overlaps(long word, long vpnStart, long vpnEnd) {
    long start = vpnStart(word);
    return !isFree(word) && start < vpnEnd && start + pageCount(word) > vpnStart;
  }
}
