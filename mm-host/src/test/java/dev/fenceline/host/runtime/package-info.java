/** The host's runtime without a transport. */
@NullMarked
package dev.fenceline.host.runtime;

import org.jspecify.annotations.NullMarked;
