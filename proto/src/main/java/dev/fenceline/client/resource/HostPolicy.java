package dev.fenceline.client.resource;

/**
 * How a host deals with slow agents and new address spaces; immutable.
 *
 * @param quarantineStrikes quarantines an agent by itself after so many strikes within the window;
 *     0: never
 * @param quarantineHoldSeconds the first hold, doubled at each quarantine of the same agent up to
 *     the greatest
 */
public record HostPolicy(
    long quarantineStrikes,
    double quarantineWindowSeconds,
    double quarantineHoldSeconds,
    double quarantineGreatestHoldSeconds,
    String defaultNotificationMode) {}
