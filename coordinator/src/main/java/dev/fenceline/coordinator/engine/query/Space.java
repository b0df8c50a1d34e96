package dev.fenceline.coordinator.engine.query;

import dev.fenceline.model.NotificationMode;

/**
 * An address space; immutable.
 *
 * @param spaceId unsigned
 * @param sequence grows with each invalidation
 * @param changeStamp equal stamps mean an equal space; 0 if the host has none
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
    long pendingInvalidationCount,
    long changeStamp) {}
