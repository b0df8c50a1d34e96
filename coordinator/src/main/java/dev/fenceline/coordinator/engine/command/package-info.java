/** What operators want done, in the coordinator's words. */
@NullMarked
package dev.fenceline.coordinator.engine.command;

import org.jspecify.annotations.NullMarked;
