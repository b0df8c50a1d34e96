/** How long fences took, second by second. Pure. */
@NullMarked
package dev.fenceline.coordinator.engine.wait;

import org.jspecify.annotations.NullMarked;
