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
  BACKOFF;

  /** Whether a link may go from this state to that one. */
  boolean mayBecome(LinkState to) {
    return switch (this) {
      case DISCONNECTED -> to == DIALING;
      case DIALING -> to == GREETING || to == BACKOFF || to == DISCONNECTED;
      case GREETING -> to == ATTACHED || to == BACKOFF || to == DISCONNECTED;
      case ATTACHED -> to == DRAINING || to == FENCED;
      case DRAINING, FENCED -> to == BACKOFF || to == DISCONNECTED;
      case BACKOFF -> to == DIALING || to == DISCONNECTED;
    };
  }
}
