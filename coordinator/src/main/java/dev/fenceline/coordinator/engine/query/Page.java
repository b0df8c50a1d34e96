package dev.fenceline.coordinator.engine.query;

import dev.fenceline.model.DeviceId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One page; immutable.
 *
 * @param invalidationId the invalidation that holds it while it is invalidating, else 0
 * @param location the device that has it, with DEVICE and EXCLUSIVE
 * @param order it belongs to an aligned block of 2^order pages that one translation maps
 */
public record Page(
    long address,
    State state,
    long generation,
    boolean writable,
    boolean dirty,
    List<Holder> holders,
    long invalidationId,
    @Nullable DeviceId location,
    int order) {
  public Page {
    holders = List.copyOf(holders);
  }

  /** What the host's page table says; immutable. */
  public enum State {
    UNMAPPED,
    NOT_PRESENT,
    PRESENT,
    ZERO,
    INVALIDATING,
    SWAPPED,
    DEVICE,
    EXCLUSIVE,
    MIGRATING
  }
}
