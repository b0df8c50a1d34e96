package dev.fenceline.agent.engine;

/** Where a link to a host stands; immutable. {@link HostLinkEngine} lists the legal transitions. */
public enum LinkState {
  /** Not started, or stopped. */
  DISCONNECTED,
  /** A stream is being opened. */
  DIALING,
  /** Hello was sent. */
  GREETING,
  /** In a session, with a lease. */
  ATTACHED,
  /** The session is over; entries are dropped, accesses in flight are awaited. */
  DRAINING,
  /** As DRAINING, because the lease ran out by the agent's own clock. */
  FENCED,
  /** Waits before it dials again. */
  BACKOFF
}
