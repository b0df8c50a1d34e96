package dev.fenceline.client.resource;

/**
 * Whether a device takes programs; immutable.
 *
 * @param device {@code agentId/index}
 * @param state {@code active}, {@code draining} or {@code drained}
 */
public record DeviceStanding(
    String device, String state, long runningPrograms, long queuedPrograms, String reason) {}
