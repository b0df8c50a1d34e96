package dev.fenceline.client.resource;

/**
 * An address space; immutable.
 *
 * @param id {@code hostId.spaceId}
 * @param spaceId the host's own id, decimal
 * @param sequence grows with each invalidation
 */
public record AddressSpace(
    String id,
    String hostId,
    String spaceId,
    String name,
    String notificationMode,
    long mappingCount,
    long mappedPages,
    long residentPages,
    long mirrorCount,
    long sequence,
    long pendingInvalidationCount) {}
