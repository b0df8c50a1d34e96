package dev.fenceline.client.resource;

/**
 * An address space; immutable.
 *
 * @param id {@code hostId.spaceId}
 * @param spaceId the host's own id, decimal
 * @param sequence grows with each invalidation
 * @param state alive or oom-killed
 * @param oomScoreAdjust thousandths of its host's memory by which it counts as larger when somebody
 *     has to be killed; -1000: never
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
    long pendingInvalidationCount,
    String state,
    int oomScoreAdjust) {}
