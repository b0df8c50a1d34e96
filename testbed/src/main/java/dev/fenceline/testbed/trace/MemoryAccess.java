package dev.fenceline.testbed.trace;

/**
 * One access of a recorded program to its memory.
 *
 * <p>Immutable.
 *
 * @param address first byte
 * @param sizeBytes 1 to {@link LackeyReader#MAX_SIZE_BYTES}
 */
public record MemoryAccess(Kind kind, long address, int sizeBytes) {

  /** What an access does. */
  public enum Kind {
    /** Fetches an instruction. */
    INSTRUCTION,
    LOAD,
    STORE,
    /** Loads and stores the same bytes in one instruction. */
    MODIFY
  }

  /** Takes accesses in program order without an object each. */
  @FunctionalInterface
  public interface Visitor {
    void access(Kind kind, long address, int sizeBytes);
  }
}
