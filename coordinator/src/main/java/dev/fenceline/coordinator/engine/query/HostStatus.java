package dev.fenceline.coordinator.engine.query;

/** A host's own account of itself; immutable. */
public record HostStatus(
    String hostId,
    long hostEpoch,
    long totalFrames,
    long freeFrames,
    long spaceCount,
    long sessionCount,
    long pendingInvalidationCount,
    long leaseTtlNanos,
    long leaseExpiryNanos,
    long lateMessageCount) {}
