/** Round trips and refusals of the codecs. */
@NullMarked
package dev.fenceline.wire;

import org.jspecify.annotations.NullMarked;
