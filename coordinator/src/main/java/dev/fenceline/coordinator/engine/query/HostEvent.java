package dev.fenceline.coordinator.engine.query;

import dev.fenceline.coordinator.engine.event.EventKind;
import dev.fenceline.model.DeviceId;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened at a host, in the host's own count; immutable.
 *
 * @param number grows by one in an epoch of the host, from 1
 * @param spaceId 0 for none
 * @param invalidationId 0 for none
 */
public record HostEvent(
    long number,
    long atMillis,
    EventKind kind,
    long spaceId,
    long invalidationId,
    @Nullable DeviceId device,
    String message) {}
