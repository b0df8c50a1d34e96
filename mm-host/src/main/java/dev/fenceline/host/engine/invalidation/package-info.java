/** Invalidations, their fences and the operations that need them: schedule, unmap, wait. Pure. */
@NullMarked
package dev.fenceline.host.engine.invalidation;

import org.jspecify.annotations.NullMarked;
