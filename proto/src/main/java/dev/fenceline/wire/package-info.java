/** Between the records of {@code dev.fenceline.model} and the messages of the wire contract. */
@NullMarked
package dev.fenceline.wire;

import org.jspecify.annotations.NullMarked;
