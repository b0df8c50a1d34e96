package dev.fenceline.coordinator.engine.event;

/**
 * Something that happened; immutable.
 *
 * @param number grows by one, from 1, per start of the coordinator
 */
public record Event(long number, EventDraft what) {}
