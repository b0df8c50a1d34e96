package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.Invalidation;

/**
 * How long the phases of a shard's invalidations took since its start: counts by duration, each
 * invalidation in exactly one bucket of each phase. Confined to the shard; recording allocates
 * nothing.
 */
public final class WaitTimes {
  /** Upper bounds, inclusive; from a fence within the process to the bound of a lost agent. */
  private static final long[] BOUND_NANOS = {
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000L,
    2_500_000_000L,
    5_000_000_000L,
    10_000_000_000L,
    30_000_000_000L,
    60_000_000_000L
  };

  private final long[] schedule = new long[BOUND_NANOS.length + 1];
  private final long[] unmap = new long[BOUND_NANOS.length + 1];
  private final long[] waiting = new long[BOUND_NANOS.length + 1];
  private long completed;
  private long backedOff;

  /** The upper bounds of the buckets, ascending; a last one without a bound follows. */
  public static long[] boundNanos() {
    return BOUND_NANOS.clone();
  }

  /** Counts an invalidation that has ended. */
  void record(Invalidation ended) {
    schedule[bucket(ended.scheduleNanos(0))]++;
    unmap[bucket(ended.unmapNanos(0))]++;
    waiting[bucket(ended.waitNanos(0))]++;
    if (ended.state() == Invalidation.State.COMPLETED) {
      completed++;
    } else {
      backedOff++;
    }
  }

  /** Adds another shard's counts to these. */
  public void add(WaitTimes other) {
    for (int i = 0; i <= BOUND_NANOS.length; i++) {
      schedule[i] += other.schedule[i];
      unmap[i] += other.unmap[i];
      waiting[i] += other.waiting[i];
    }
    completed += other.completed;
    backedOff += other.backedOff;
  }

  /** A copy that may leave the shard. */
  public WaitTimes copy() {
    WaitTimes copy = new WaitTimes();
    copy.add(this);
    return copy;
  }

  public long[] scheduleCounts() {
    return schedule.clone();
  }

  public long[] unmapCounts() {
    return unmap.clone();
  }

  public long[] waitCounts() {
    return waiting.clone();
  }

  public long completed() {
    return completed;
  }

  public long backedOff() {
    return backedOff;
  }

  private static int bucket(long nanos) {
    int bucket = 0;
    while (bucket < BOUND_NANOS.length && nanos > BOUND_NANOS[bucket]) {
      bucket++;
    }
    return bucket;
  }
}
