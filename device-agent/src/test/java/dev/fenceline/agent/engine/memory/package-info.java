/** The bookkeeping of device memory, by hand and against a simple model. */
@NullMarked
package dev.fenceline.agent.engine.memory;

import org.jspecify.annotations.NullMarked;
