package dev.fenceline.coordinator.engine.command;

/**
 * A program that a device is to run; immutable.
 *
 * @param deadlineNanos 0 for the agent's default
 */
public record ProgramOrder(
    int deviceIndex, String hostId, long spaceId, Task task, long deadlineNanos) {

  /** What it does; immutable. Lengths are bytes. */
  public sealed interface Task {
    /** Writes the word over and over. */
    record Fill(long address, long length, long word) implements Task {}

    /** Copies bytes. */
    record Copy(long source, long target, long length) implements Task {}

    /** target[i] = a[i] + b[i]. */
    record Add(long a, long b, long target, long length) implements Task {}

    /** Sum and CRC-32C. */
    record Checksum(long address, long length) implements Task {}

    /** Follows addresses. */
    record PointerChase(long start, int hops) implements Task {}

    /** Reads and writes words at random. */
    record RandomAccess(
        long address,
        long length,
        int operations,
        int writePercent,
        long seed,
        int writer,
        long firstCounter,
        int strideWords)
        implements Task {}

    /** Adds to a word. */
    record AtomicAdd(long address, int times, long operand) implements Task {}
  }
}
