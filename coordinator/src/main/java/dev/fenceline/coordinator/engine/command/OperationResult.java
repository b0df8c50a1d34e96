package dev.fenceline.coordinator.engine.command;

/**
 * What became of a change; immutable.
 *
 * @param done false if a fence had still to wait and nothing changed
 * @param invalidationId 0 if no translation had to be invalidated
 */
public record OperationResult(
    boolean done,
    long address,
    long invalidationId,
    long scheduleNanos,
    long unmapNanos,
    long waitNanos,
    long fencesWaited) {}
