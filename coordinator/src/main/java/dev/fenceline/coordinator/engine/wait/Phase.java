package dev.fenceline.coordinator.engine.wait;

/** The phases of an invalidation; immutable. */
public enum Phase {
  SCHEDULE,
  UNMAP,
  WAIT
}
