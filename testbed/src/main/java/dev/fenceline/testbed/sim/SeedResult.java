package dev.fenceline.testbed.sim;

import org.jspecify.annotations.Nullable;

/**
 * What one run came to. Immutable by convention (the array is not copied).
 *
 * @param violation what was proved wrong, or null
 * @param hash of all events in their order
 * @param sometimes by the ordinal of {@link Sometimes}
 * @param trace all events, if asked for
 */
public record SeedResult(
    long seed,
    @Nullable String violation,
    long hash,
    long events,
    long faults,
    long dataOperations,
    long spaceOperations,
    long invalidations,
    long fences,
    long worstFenceNanos,
    long[] sometimes,
    String trace) {

  /** The command that shows the same run again. */
  public String replayLine() {
    return "./fenceline sim --seed " + seed + " --seeds 1";
  }
}
