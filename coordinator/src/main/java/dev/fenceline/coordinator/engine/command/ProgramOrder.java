package dev.fenceline.coordinator.engine.command;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A program that a device is to run; immutable.
 *
 * @param deadlineNanos 0 for the agent's default
 * @param exclusive it takes each page that it accesses for its device alone
 */
public record ProgramOrder(
    int deviceIndex,
    String hostId,
    long spaceId,
    Task task,
    long deadlineNanos,
    boolean exclusive,
    Ties ties) {
  /**
   * Whom it waits for, and who for it; immutable.
   *
   * @param signals the name that is reached when it ends; empty for none
   * @param holds pages that it keeps in use until it ends; null for none
   */
  public record Ties(
      List<SyncPoint> waitsFor, String signals, @Nullable Hold holds, boolean replayable) {
    public static final Ties NONE = new Ties(List.of(), "", null, false);
  }

  /**
   * The end of a program, by number or, if that is 0, by the name that it signals; immutable.
   *
   * @param agentId empty for the agent that runs the program
   * @param endpoint of that agent's services; empty for its own
   */
  public record SyncPoint(String agentId, String endpoint, long number, String name) {}

  /** Half-open; immutable. */
  public record Hold(long start, long end, boolean writing) {}

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
