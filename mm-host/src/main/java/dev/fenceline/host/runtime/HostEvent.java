package dev.fenceline.host.runtime;

import dev.fenceline.model.DeviceId;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened at a host and that an operator may want to know; immutable.
 *
 * @param number grows by one per event of the host, from 1
 * @param atMillis wall clock
 * @param spaceId 0 where the kind has none
 * @param invalidationId 0 where the kind has none
 * @param device device 0 where an agent as a whole is meant
 * @param message one sentence for a person
 */
public record HostEvent(
    long number,
    long atMillis,
    Kind kind,
    long spaceId,
    long invalidationId,
    @Nullable DeviceId device,
    String message) {
  /** What happened. */
  public enum Kind {
    SPACE_CREATED,
    SPACE_DESTROYED,
    SPACE_FORKED,
    NOTIFICATION_MODE_SET,
    AGENT_ATTACHED,
    AGENT_DETACHED,
    AGENT_LEFT,
    LEASE_EXPIRED,
    AGENT_REFUSED,
    AGENT_QUARANTINED,
    AGENT_RETURNED,
    FENCE_OVERDUE,
    INVALIDATION_BACKED_OFF,
    FRAMES_EXHAUSTED,
    POLICY_SET,
    PIN_ASKED_BACK,
    PIN_OVER_AGE,
    OOM_KILL,
    OOM_REAPED
  }
}
