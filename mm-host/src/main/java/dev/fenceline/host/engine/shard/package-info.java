/** The engine of one shard: a set of address spaces behind one serializing mailbox. Pure. */
@NullMarked
package dev.fenceline.host.engine.shard;

import org.jspecify.annotations.NullMarked;
