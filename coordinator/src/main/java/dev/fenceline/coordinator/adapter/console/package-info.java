/** The console's files, as any browser gets them. */
@NullMarked
package dev.fenceline.coordinator.adapter.console;

import org.jspecify.annotations.NullMarked;
