package dev.fenceline.testbed.replay;

import dev.fenceline.client.OperationOutcome;
import dev.fenceline.client.PhaseTimes;
import dev.fenceline.testbed.report.Percentiles;
import dev.fenceline.testbed.report.RunReport;
import java.util.SortedMap;
import java.util.TreeMap;

/** Operations by kind, and how long their invalidations took. Thread-safe. */
final class OperationTally {
  private final SortedMap<String, Long> byKind = new TreeMap<>();
  private final Percentiles schedule = new Percentiles();
  private final Percentiles unmap = new Percentiles();
  private final Percentiles waiting = new Percentiles();
  private long operations;
  private long invalidations;
  private long backOffs;

  synchronized void count(String kind, long times) {
    if (times > 0) {
      byKind.merge(kind, times, Long::sum);
      operations += times;
    }
  }

  /** Counts an operation and takes in the times of its invalidation, if there was one. */
  synchronized void outcome(String kind, OperationOutcome outcome) {
    count(kind, 1);
    PhaseTimes times = outcome.times();
    if (times.invalidationId() == 0) {
      return;
    }
    invalidations++;
    if (outcome instanceof OperationOutcome.BackedOff) {
      backOffs++;
    }
    schedule.record(times.scheduleNanos());
    unmap.record(times.unmapNanos());
    waiting.record(times.waitNanos());
  }

  synchronized long operations() {
    return operations;
  }

  synchronized long invalidations() {
    return invalidations;
  }

  /** How many invalidations gave up waiting. */
  synchronized long backOffs() {
    return backOffs;
  }

  /**
   * The work so far.
   *
   * @param retries faults that collided
   */
  synchronized RunReport.Work work(long retries) {
    return new RunReport.Work(operations, new TreeMap<>(byKind), invalidations, backOffs, retries);
  }

  synchronized RunReport.Phases phases() {
    return new RunReport.Phases(schedule.latency(), unmap.latency(), waiting.latency());
  }
}
