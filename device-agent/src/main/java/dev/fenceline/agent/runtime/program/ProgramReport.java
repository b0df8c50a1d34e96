package dev.fenceline.agent.runtime.program;

import dev.fenceline.model.Errno;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a run of a program ended and what it found; immutable by convention (the array is not
 * copied).
 *
 * @param failure null if it ran to its end
 * @param rewrites writes that were repeated because their reply was lost with the session
 */
public record ProgramReport(
    @Nullable Failure failure,
    long elapsedNanos,
    long operations,
    long faults,
    long faultRetries,
    long rewrites,
    long sum,
    int crc32c,
    long value,
    byte[] data,
    List<HistoryEntry> history) {
  /** Why a run ended early; immutable. */
  public record Failure(Errno errno, String message, @Nullable Long address) {}

  /** What a history entry did. */
  public enum Kind {
    READ,
    WRITE,
    ADD
  }

  /**
   * One operation on one word, for checkers; immutable.
   *
   * @param value read or written; for ADD the value before
   * @param inDoubt whether the operation may or may not have happened
   */
  public record HistoryEntry(
      Kind kind,
      long address,
      long value,
      long invokedNanos,
      long respondedNanos,
      boolean inDoubt) {}

  /** The same without what one operation after the other did, and perhaps without its bytes. */
  public ProgramReport summary(boolean withData) {
    return new ProgramReport(
        failure,
        elapsedNanos,
        operations,
        faults,
        faultRetries,
        rewrites,
        sum,
        crc32c,
        value,
        withData ? data : new byte[0],
        List.of());
  }

  /** The report of a program that could not begin. */
  public static ProgramReport refused(Errno errno, String message, @Nullable Long address) {
    return new ProgramReport(
        new Failure(errno, message, address), 0, 0, 0, 0, 0, 0, 0, 0, new byte[0], List.of());
  }
}
