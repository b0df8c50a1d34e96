/** Golden transcripts: races of the protocol, played by hand on the real engines. */
@NullMarked
package dev.fenceline.testbed.transcript;

import org.jspecify.annotations.NullMarked;
