/** The way to agents, over real connections. */
@NullMarked
package dev.fenceline.peer;

import org.jspecify.annotations.NullMarked;
