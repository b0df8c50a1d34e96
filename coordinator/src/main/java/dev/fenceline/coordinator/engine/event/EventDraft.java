package dev.fenceline.coordinator.engine.event;

import dev.fenceline.model.DeviceId;
import org.jspecify.annotations.Nullable;

/**
 * An event before it has its number; immutable.
 *
 * @param atMillis wall clock of whoever saw it, milliseconds since the epoch
 * @param spaceId the host's; 0 for none
 * @param invalidationId the host's; 0 for none
 * @param actor who did it, if a person did
 * @param message one sentence for a person
 */
public record EventDraft(
    long atMillis,
    EventKind kind,
    @Nullable String hostId,
    @Nullable String agentId,
    @Nullable DeviceId device,
    long spaceId,
    long invalidationId,
    @Nullable String actor,
    String message) {

  /** An event of the coordinator itself. */
  public static EventDraft ofCoordinator(long atMillis, EventKind kind, String message) {
    return new EventDraft(atMillis, kind, null, null, null, 0, 0, null, message);
  }
}
