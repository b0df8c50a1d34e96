package dev.fenceline.coordinator.engine.query;

import dev.fenceline.model.NotificationMode;

/**
 * An address space; immutable.
 *
 * @param spaceId unsigned
 * @param sequence grows with each invalidation
 */
public record Space(
    long spaceId,
    String name,
    NotificationMode notificationMode,
    long mappingCount,
    long mappedPages,
    long residentPages,
    long mirrorCount,
    long sequence,
    long pendingInvalidationCount) {}
