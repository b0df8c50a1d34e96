package dev.fenceline.testbed.report;

import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * The result of a demo, replay, simulation or benchmark.
 *
 * <p>Immutable. What does not apply to a run is null. {@link ReportJson} says under which keys each
 * figure is written.
 *
 * @param timing null if nothing was measured in real time
 * @param memory null if there was no host in a process of its own
 * @param campaign null unless seeds were run
 */
public record RunReport(
    Origin origin,
    Outcome outcome,
    Work work,
    @Nullable Timing timing,
    List<Device> devices,
    @Nullable Memory memory,
    @Nullable Campaign campaign) {

  public RunReport {
    devices = List.copyOf(devices);
  }

  /**
   * What was run.
   *
   * @param command such as demo, replay, sim
   * @param skippedLines lines of the trace that could not be used
   * @param restAddress where the state can be asked for
   */
  public record Origin(
      String command,
      @Nullable String traceFile,
      double durationSeconds,
      @Nullable Long skippedLines,
      @Nullable String restAddress) {}

  /**
   * Whether it was right.
   *
   * @param violations broken invariants, failed checks and whatever else makes a run a failure
   * @param checks values that were checked
   * @param failures one text per violation, as far as they were kept; each says how to replay it
   */
  public record Outcome(long violations, long checks, List<String> failures) {

    public Outcome {
      failures = List.copyOf(failures);
    }

    /** Whether the process may end with exit code 0. */
    public boolean passed() {
      return violations == 0 && failures.isEmpty();
    }
  }

  /**
   * How much was done.
   *
   * @param operationsByKind adds up to {@code operations}
   * @param backOffs invalidations that gave up waiting
   * @param retries faults that collided with an invalidation
   */
  public record Work(
      long operations,
      SortedMap<String, Long> operationsByKind,
      @Nullable Long invalidations,
      @Nullable Long backOffs,
      @Nullable Long retries) {}

  /** How long invalidations took. */
  public record Timing(@Nullable Phases phases, @Nullable Modes modes) {}

  /** The three phases of an invalidation. */
  public record Phases(
      @Nullable Latency schedule, @Nullable Latency unmap, @Nullable Latency waiting) {}

  /** Whole invalidations on the same trace: devices in parallel against one after the other. */
  public record Modes(@Nullable Latency split, @Nullable Latency sequential) {}

  /**
   * One device's share.
   *
   * @param ack from the invalidation's arrival at the host's queue to the device's ack
   */
  public record Device(
      String id,
      @Nullable Latency ack,
      long faults,
      long retries,
      long dmaReadBytes,
      long dmaWriteBytes) {}

  /**
   * The memory of the host.
   *
   * @param peakFrames most that were seen in use
   * @param peakPinnedFrames most that pins were seen to hold
   * @param swappedOut pages written to swap
   * @param swappedIn pages read from swap
   */
  public record Memory(
      long frames,
      long peakFrames,
      long peakPinnedFrames,
      long swappedOut,
      long swappedIn,
      Migrations migrations) {}

  /**
   * Pages that moved between the host and the memory of devices.
   *
   * @param toDevices whose bytes went to a device
   * @param home whose bytes came back
   * @param evicted of these, picked by their device to make room
   */
  public record Migrations(long toDevices, long home, long evicted) {}

  /** A series of simulations. */
  public record Campaign(long seeds, double seedsPerMinute) {}
}
