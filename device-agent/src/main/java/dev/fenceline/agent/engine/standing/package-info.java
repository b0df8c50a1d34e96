/** Devices that are drained and returned. Pure. */
@NullMarked
package dev.fenceline.agent.engine.standing;

import org.jspecify.annotations.NullMarked;
