/**
 * Replay of recorded programs on address spaces of a real host, with real devices computing on the
 * same memory, and a judgement of every value that was read.
 */
@NullMarked
package dev.fenceline.testbed.replay;

import org.jspecify.annotations.NullMarked;
