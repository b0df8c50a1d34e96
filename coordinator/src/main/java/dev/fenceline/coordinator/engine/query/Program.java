package dev.fenceline.coordinator.engine.query;

import dev.fenceline.model.Errno;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A program on a device, submitted or run; immutable. Wall-clock times are milliseconds since the
 * epoch, 0 for not yet.
 *
 * @param number per boot of the agent, from 1
 * @param operationsTotal 0 if not known
 * @param waitsAtAddress the fault that it waits for, if it does
 * @param ties what ties it to other programs
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
    Ties ties,
    @Nullable Result result) {

  /**
   * A moment that a program brings about by ending; immutable.
   *
   * @param agentId empty: of the same agent
   * @param programNumber 0 if it is a name
   */
  public record SyncPoint(String agentId, long programNumber, String name) {}

  /**
   * What ties it to other programs at this moment; immutable.
   *
   * @param waitsFor sync points that it waits for
   * @param signals the name that is reached when it ends; empty: none
   * @param holdStart first address that it keeps in use
   * @param holdEnd behind the last; equal to the first if it holds nothing
   * @param preemptions how often it began again
   */
  public record Ties(
      List<SyncPoint> waitsFor,
      String signals,
      long holdStart,
      long holdEnd,
      boolean replayable,
      int preemptions) {
    public static final Ties NONE = new Ties(List.of(), "", 0, 0, false, 0);

    public Ties {
      waitsFor = List.copyOf(waitsFor);
    }

    /** Whether it keeps a page of the interval in use. */
    public boolean holds(long start, long end) {
      return holdStart < holdEnd && holdStart < end && start < holdEnd;
    }
  }

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
