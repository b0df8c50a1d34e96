/** Shards, sessions, frames and CPU accesses at work: mailboxes, timers, effect dispatch. */
@NullMarked
package dev.fenceline.host.runtime;

import org.jspecify.annotations.NullMarked;
