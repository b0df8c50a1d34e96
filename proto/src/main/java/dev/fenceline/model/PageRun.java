package dev.fenceline.model;

import org.jspecify.annotations.Nullable;

/**
 * Consecutive pages with the same translation attributes, as a fault reply carries them; immutable.
 *
 * @param firstLocalPage with DEVICE_LOCAL and PEER: the first page's place in the device's memory
 * @param peer with PEER: whose memory it is
 * @param order each page belongs to an aligned block of 2^order pages with one translation
 */
public record PageRun(
    int pageCount,
    int generation,
    boolean writable,
    State state,
    int firstLocalPage,
    @Nullable Peer peer,
    int order) {
  /** Order of a block of 2 MiB. */
  public static final int ORDER_2_MEBIBYTES = 9;

  /** Pages of the host. */
  public PageRun(int pageCount, int generation, boolean writable, State state) {
    this(pageCount, generation, writable, state, 0, null, 0);
  }

  /** What the host found. */
  public enum State {
    PRESENT,
    /** Snapshot: nothing there yet, a fault would bring it. */
    HOLE,
    /** Snapshot: a fault would be refused. */
    ERROR,
    /** Present, all bytes zero, read-only until the first write. */
    ZERO,
    /** In the device's own memory. */
    DEVICE_LOCAL,
    /** In the memory of another device of the owner group. */
    PEER,
    /** Present, writable and the device's alone. */
    EXCLUSIVE
  }
}
