/** Runs the registry engine: one mailbox, one timer, and the ports that adapters fill. */
@NullMarked
package dev.fenceline.coordinator.runtime;

import org.jspecify.annotations.NullMarked;
