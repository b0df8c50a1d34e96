package dev.fenceline.host.runtime;

import dev.fenceline.host.engine.session.Session;
import dev.fenceline.model.AgentMessage.Hello;

/**
 * A session as it was at one moment; immutable.
 *
 * @param inStateNanos how long it had been in its state
 * @param leaseLeftNanos time until the host declares the agent dead unless the lease is renewed
 * @param overdue true if it owes an overdue fence, so that the lease is not renewed
 */
public record SessionView(
    long sessionId,
    Hello hello,
    Session.State state,
    long inStateNanos,
    long leaseLeftNanos,
    boolean overdue) {}
