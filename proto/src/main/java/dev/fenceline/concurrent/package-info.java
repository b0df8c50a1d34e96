/**
 * The few classes of the product in which threads really meet.
 *
 * <p>Nothing in here starts a thread, reads a clock or waits: a thread that finds work left behind
 * by another one does it, and a thread that has to be told something later leaves a callback. That
 * is what lets the simulator drive the same classes from a single thread.
 *
 * <p>Each class carries the table of its access modes and a drawing of the race that the modes
 * decide.
 */
@NullMarked
package dev.fenceline.concurrent;

import org.jspecify.annotations.NullMarked;
