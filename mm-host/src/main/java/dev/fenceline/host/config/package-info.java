/** Wires a host memory manager: the only package that knows all the others. */
@NullMarked
package dev.fenceline.host.config;

import org.jspecify.annotations.NullMarked;
