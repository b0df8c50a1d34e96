/** Fenceline's services as child processes of this one: started together, stopped in order. */
@NullMarked
package dev.fenceline.testbed.launch;

import org.jspecify.annotations.NullMarked;
