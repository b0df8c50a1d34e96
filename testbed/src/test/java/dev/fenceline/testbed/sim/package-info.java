/** Tests of the simulator, and by it of the engines. */
@NullMarked
package dev.fenceline.testbed.sim;

import org.jspecify.annotations.NullMarked;
