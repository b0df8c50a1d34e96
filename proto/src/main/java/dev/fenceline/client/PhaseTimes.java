package dev.fenceline.client;

/**
 * How long the phases of an operation's invalidation took; immutable.
 *
 * @param invalidationId 0 if no translation had to be invalidated
 * @param fencesWaited devices that had something to drain
 */
public record PhaseTimes(
    long invalidationId, long scheduleNanos, long unmapNanos, long waitNanos, int fencesWaited) {}
