package dev.fenceline.coordinator.engine.query;

import dev.fenceline.model.DeviceId;
import org.jspecify.annotations.Nullable;

/** A block of 2 MiB that several parties want; immutable. */
public record ContendedBlock(long start, long end, Turns turns, Moves moves) {
  /**
   * Devices whose faults came too late, and operations that waited for them; immutable.
   *
   * @param last who got the last turn
   * @param leftNanos of the turn that runs; 0 if none does
   */
  public record Turns(
      long count,
      @Nullable DeviceId last,
      long leftNanos,
      boolean hostsTurn,
      long heldOperations,
      long longestNanos,
      long worstCollisions) {}

  /** Pages that are wanted back and forth; immutable. */
  public record Moves(
      long count, long naps, long pins, long thrashingPages, long pinnedPages, long pinnedNanos) {}
}
