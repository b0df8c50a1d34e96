/** Who may have a contended block, and for how long, so that every party gets on. Pure. */
@NullMarked
package dev.fenceline.host.engine.turn;

import org.jspecify.annotations.NullMarked;
