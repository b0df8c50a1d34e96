package dev.fenceline.coordinator.engine.query;

import java.util.List;

/**
 * How long a host's invalidations took, cumulative since its start; immutable.
 *
 * @param boundNanos upper bounds of the buckets, ascending; a last bucket without a bound follows,
 *     so that each list of counts has one more
 */
public record WaitTimes(
    List<Long> boundNanos,
    List<Long> schedule,
    List<Long> unmap,
    List<Long> await,
    long completed,
    long backedOff) {
  public WaitTimes {
    boundNanos = List.copyOf(boundNanos);
    schedule = List.copyOf(schedule);
    unmap = List.copyOf(unmap);
    await = List.copyOf(await);
  }
}
