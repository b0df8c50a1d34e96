/**
 * Runs the engines: mailboxes, timers, execution units, the access path. What it needs of the
 * outside are the ports {@link dev.fenceline.agent.runtime.HostConnector} and {@link
 * dev.fenceline.agent.runtime.AgentObserver}.
 *
 * <p>Order of what is held: a mailbox turn may take the lock of access slots or of a transfer
 * stream; nobody waits while in a turn, and a turn never begins inside another one.
 */
@NullMarked
package dev.fenceline.agent.runtime;

import org.jspecify.annotations.NullMarked;
