package dev.fenceline.coordinator.engine.query;

import dev.fenceline.model.NotificationMode;

/**
 * What a host does by itself; immutable.
 *
 * @param quarantineStrikes within the window; 0 for never
 * @param holdNanos of the first quarantine; doubled at each further one up to the greatest
 */
public record HostPolicy(
    long quarantineStrikes,
    long windowNanos,
    long holdNanos,
    long greatestHoldNanos,
    NotificationMode defaultNotificationMode) {}
