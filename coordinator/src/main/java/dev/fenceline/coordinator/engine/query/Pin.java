package dev.fenceline.coordinator.engine.query;

/**
 * A pin on pages of an address space; immutable.
 *
 * @param unmappedPages frames that it keeps although nothing maps them there any more
 */
public record Pin(
    long pinId,
    long spaceId,
    long start,
    long end,
    boolean write,
    boolean longTerm,
    String owner,
    String reason,
    long elapsedNanos,
    long unmappedPages) {}
