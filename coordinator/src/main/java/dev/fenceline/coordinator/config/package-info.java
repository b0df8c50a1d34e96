/** Wires a coordinator: the only package that knows all the others. */
@NullMarked
package dev.fenceline.coordinator.config;

import org.jspecify.annotations.NullMarked;
