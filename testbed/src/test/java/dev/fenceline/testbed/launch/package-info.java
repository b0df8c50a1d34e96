/** Tests of the launcher. */
@NullMarked
package dev.fenceline.testbed.launch;

import org.jspecify.annotations.NullMarked;
