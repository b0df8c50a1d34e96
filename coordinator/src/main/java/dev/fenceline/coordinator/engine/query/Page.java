package dev.fenceline.coordinator.engine.query;

import java.util.List;

/**
 * One page; immutable.
 *
 * @param invalidationId the invalidation that holds it while it is invalidating, else 0
 */
public record Page(
    long address,
    State state,
    long generation,
    boolean writable,
    boolean dirty,
    List<Holder> holders,
    long invalidationId) {
  public Page {
    holders = List.copyOf(holders);
  }

  /** What the host's page table says; immutable. */
  public enum State {
    UNMAPPED,
    NOT_PRESENT,
    PRESENT,
    ZERO,
    INVALIDATING
  }
}
