package dev.fenceline.client.resource;

/**
 * A device's subscription to an interval of an address space; immutable.
 *
 * @param sequence of the last invalidation that touched it
 */
public record Mirror(
    String device, String deviceName, long mirrorId, String start, String end, long sequence) {}
