/** Who waits for whom, and where the waiting goes round in a circle. Pure. */
@NullMarked
package dev.fenceline.coordinator.engine.graph;

import org.jspecify.annotations.NullMarked;
