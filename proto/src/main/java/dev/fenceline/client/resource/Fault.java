package dev.fenceline.client.resource;

import org.jspecify.annotations.Nullable;

/**
 * A fault that is parked or under way at a host; immutable.
 *
 * @param device {@code agentId/index}; {@code cpu/0} for the host's own accesses
 * @param waitsForFenceId null if it waits for an operation's turn
 */
public record Fault(
    String device,
    String deviceName,
    String hostId,
    String addressSpaceId,
    String address,
    long pages,
    boolean write,
    double elapsedMicros,
    @Nullable String waitsForFenceId) {}
