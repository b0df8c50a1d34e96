package dev.fenceline.coordinator.engine.query;

import dev.fenceline.model.Errno;
import org.jspecify.annotations.Nullable;

/**
 * A program on a device, submitted or run; immutable. Wall-clock times are milliseconds since the
 * epoch, 0 for not yet.
 *
 * @param number per boot of the agent, from 1
 * @param operationsTotal 0 if not known
 * @param waitsAtAddress the fault that it waits for, if it does
 * @param result when it has ended
 */
public record Program(
    long number,
    int deviceIndex,
    String hostId,
    long spaceId,
    String kind,
    State state,
    long submittedAtMillis,
    long startedAtMillis,
    long endedAtMillis,
    long operationsDone,
    long operationsTotal,
    @Nullable Long waitsAtAddress,
    long waitsElapsedNanos,
    @Nullable Result result) {

  /** Where a program stands; immutable. */
  public enum State {
    QUEUED,
    RUNNING,
    DONE,
    FAILED,
    CANCELLED;

    public boolean isPending() {
      return this == QUEUED || this == RUNNING;
    }
  }

  /**
   * What came of it; immutable.
   *
   * @param errno null if it succeeded
   * @param value where a pointer chase ended, or the first value that an atomic add saw
   */
  public record Result(
      @Nullable Errno errno,
      String message,
      @Nullable Long faultAddress,
      long elapsedNanos,
      long operations,
      long faults,
      long faultRetries,
      long sum,
      long crc32c,
      long value) {}
}
