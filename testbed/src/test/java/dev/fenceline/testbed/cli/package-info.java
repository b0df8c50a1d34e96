/** The command line as people and scripts meet it. */
@NullMarked
package dev.fenceline.testbed.cli;

import org.jspecify.annotations.NullMarked;
