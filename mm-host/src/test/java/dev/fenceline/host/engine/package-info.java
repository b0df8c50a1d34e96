/** What the tests of the host's engine share. */
@NullMarked
package dev.fenceline.host.engine;

import org.jspecify.annotations.NullMarked;
