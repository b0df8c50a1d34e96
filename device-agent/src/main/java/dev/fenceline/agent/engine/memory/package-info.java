/**
 * The memory of devices, as bookkeeping: which local page is whose, which pages of which address
 * space are held here, and the migrations that change it. Pure; the bytes are the runtime's.
 */
@NullMarked
package dev.fenceline.agent.engine.memory;

import org.jspecify.annotations.NullMarked;
