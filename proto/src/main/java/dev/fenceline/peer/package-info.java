/** Streams of byte movements over gRPC, and the way to the memory of agents' devices. */
@NullMarked
package dev.fenceline.peer;

import org.jspecify.annotations.NullMarked;
