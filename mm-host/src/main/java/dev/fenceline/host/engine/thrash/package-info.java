/** Pages that are wanted back and forth: who has to wait, and when they stay for a while. Pure. */
@NullMarked
package dev.fenceline.host.engine.thrash;

import org.jspecify.annotations.NullMarked;
