package dev.fenceline.client.resource;

import org.jspecify.annotations.Nullable;

/**
 * A block of 2 MiB that several parties want, half-open; immutable.
 *
 * @param worstCollisions answers in a row that came too late for a fault
 * @param turns that were given to devices; {@code lastTurn} got the last one
 * @param hostsTurn an operation is next
 * @param moves pages that went from one party to another
 * @param naps waits that were imposed on who wanted a page that had just moved
 * @param pins how often a page was kept at the host for a while
 */
public record Contention(
    String start,
    String end,
    long worstCollisions,
    long turns,
    @Nullable String lastTurn,
    double turnLeftMicros,
    boolean hostsTurn,
    long heldOperations,
    double longestTurnMicros,
    long moves,
    long naps,
    long pins,
    long thrashingPages,
    long pinnedPages,
    double pinnedLeftMicros) {}
