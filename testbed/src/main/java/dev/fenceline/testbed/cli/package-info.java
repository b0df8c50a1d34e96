/** The command line of the testbed: {@code ./fenceline COMMAND}. */
@NullMarked
package dev.fenceline.testbed.cli;

import org.jspecify.annotations.NullMarked;
