/** What happened in the installation, in a bounded history. Pure. */
@NullMarked
package dev.fenceline.coordinator.engine.event;

import org.jspecify.annotations.NullMarked;
