package dev.fenceline.coordinator.engine.query;

/** Whether a device takes programs; immutable. */
public record DeviceStanding(
    int deviceIndex, State state, long runningPrograms, long queuedPrograms, String reason) {

  /** Where draining stands; immutable. */
  public enum State {
    ACTIVE,
    DRAINING,
    DRAINED
  }
}
