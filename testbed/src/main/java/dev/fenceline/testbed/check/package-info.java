/**
 * Judges of a run: linearizability of words (INV-13), counters, and the bytes at the end.
 *
 * <p>They know nothing of the protocol, only of what its users saw; that is what makes them worth
 * believing.
 */
@NullMarked
package dev.fenceline.testbed.check;

import org.jspecify.annotations.NullMarked;
