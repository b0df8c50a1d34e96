package dev.fenceline.testbed.trace;

/**
 * Where in a recorded program an event happened.
 *
 * <p>Immutable.
 *
 * @param lineNumber 1-based number of the line that completed the call
 * @param pid the calling thread's id as strace printed it; 0 when the log has no pid column
 * @param spaceKey the caller's address space: threads share one, a fork and an exec get a new one;
 *     0 is the space of the program that the log starts with
 */
public record CallSite(long lineNumber, int pid, int spaceKey) {}
