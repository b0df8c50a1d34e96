/** Round trips and refusals of the codecs. */
@NullMarked
package dev.fenceline.registration;

import org.jspecify.annotations.NullMarked;
