package dev.fenceline.coordinator.engine.query;

import dev.fenceline.model.DeviceId;

/**
 * A device's subscription to [start, end); immutable.
 *
 * @param sequence of the last invalidation that touched it
 */
public record Mirror(
    DeviceId device, String deviceName, long mirrorId, long start, long end, long sequence) {}
