/**
 * The deterministic simulator: the real engines of host, agents and coordinator in one thread, in
 * virtual time, from one seed, under faults.
 *
 * <p>Safety first: faults throughout, invariants after every event. Then faults stop, and progress
 * is demanded: a stuck system is a failure.
 */
@NullMarked
package dev.fenceline.testbed.sim;

import org.jspecify.annotations.NullMarked;
