/** The console in a real browser. */
@NullMarked
package dev.fenceline.testbed.console;

import org.jspecify.annotations.NullMarked;
