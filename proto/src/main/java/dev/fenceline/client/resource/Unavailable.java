package dev.fenceline.client.resource;

import java.time.Instant;

/**
 * A node whose part is missing from an answer; immutable.
 *
 * @param since since when it does not answer, or is in its state
 */
public record Unavailable(String id, String state, Instant since, String reason) {}
