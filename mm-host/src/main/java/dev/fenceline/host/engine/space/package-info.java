/** An address space as data: its mappings, its page table, and the entries in it. Pure. */
@NullMarked
package dev.fenceline.host.engine.space;

import org.jspecify.annotations.NullMarked;
