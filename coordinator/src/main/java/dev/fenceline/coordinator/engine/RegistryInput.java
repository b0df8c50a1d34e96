package dev.fenceline.coordinator.engine;

/** What can happen to the registry; immutable. Stream ids are never used twice. */
public sealed interface RegistryInput {
  /** A node opened a report stream; nobody knows yet who it is. */
  record StreamOpened(long streamId) implements RegistryInput {}

  /** A report came in over a stream. */
  record ReportReceived(long streamId, NodeReport report) implements RegistryInput {}

  /** A stream ended, from whichever side; nothing comes from it any more. */
  record StreamClosed(long streamId, String reason) implements RegistryInput {}

  /** The deadline that the engine named has come. */
  record Tick() implements RegistryInput {}
}
