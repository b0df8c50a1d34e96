package dev.fenceline.client;

/**
 * What a pin is for; immutable.
 *
 * @param write the pages will be written
 * @param longTerm held for longer than an operation takes
 * @param owner who to ask, 1 to 128 characters
 * @param reason what for, at most 256 characters
 */
public record PinSpec(boolean write, boolean longTerm, String owner, String reason) {}
