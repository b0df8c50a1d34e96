/** The frames of a host as its shards know them: who maps them, and how soon they may go. */
@NullMarked
package dev.fenceline.host.engine.frame;

import org.jspecify.annotations.NullMarked;
