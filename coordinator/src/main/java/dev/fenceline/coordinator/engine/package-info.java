/**
 * The coordinator's registry: who is alive, and which hosts there are. Pure: time and inputs come
 * in, effects go out; no clock, thread, random source or I/O, so that the simulator drives the same
 * code.
 */
@NullMarked
package dev.fenceline.coordinator.engine;

import org.jspecify.annotations.NullMarked;
