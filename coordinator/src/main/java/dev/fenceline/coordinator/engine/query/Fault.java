package dev.fenceline.coordinator.engine.query;

import dev.fenceline.model.DeviceId;

/**
 * A fault that is parked or under way at a host; immutable.
 *
 * @param waitsForInvalidationId 0 if it waits for an operation's turn
 */
public record Fault(
    DeviceId device,
    String deviceName,
    long spaceId,
    long address,
    long pageCount,
    boolean write,
    long elapsedNanos,
    long waitsForInvalidationId) {}
