/** Wires a device agent: the only package that knows all the others. */
@NullMarked
package dev.fenceline.agent.config;

import org.jspecify.annotations.NullMarked;
