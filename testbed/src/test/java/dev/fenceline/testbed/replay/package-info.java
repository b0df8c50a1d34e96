/** Tests of the replay. */
@NullMarked
package dev.fenceline.testbed.replay;

import org.jspecify.annotations.NullMarked;
