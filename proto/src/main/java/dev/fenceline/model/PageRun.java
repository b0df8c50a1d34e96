package dev.fenceline.model;

/**
 * Consecutive pages with the same translation attributes, as a fault reply carries them; immutable.
 */
public record PageRun(int pageCount, int generation, boolean writable, State state) {
  /** What the host found. */
  public enum State {
    PRESENT,
    /** Snapshot: nothing there yet, a fault would bring it. */
    HOLE,
    /** Snapshot: a fault would be refused. */
    ERROR,
    /** Present, all bytes zero, read-only until the first write. */
    ZERO
  }
}
