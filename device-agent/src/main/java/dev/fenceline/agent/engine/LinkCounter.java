package dev.fenceline.agent.engine;

/** What a link counts, from zero, over all its sessions; immutable. */
public enum LinkCounter {
  /** Sessions that were opened. */
  SESSIONS,
  /** Times that the lease ran out by the agent's own clock. */
  FENCINGS,
  HEARTBEATS_ACKNOWLEDGED,
  /** Tickets taken in. */
  FAULTS,
  /** Fault requests sent. */
  FAULT_REQUESTS,
  /** Faults that had to be asked for again, for whatever reason. */
  FAULT_RETRIES,
  /** Fault replies that were dropped because an overlapping invalidation had arrived (INV-5). */
  COLLISIONS,
  /** Invalidate messages. */
  INVALIDATIONS,
  /** Acknowledged invalidation ids, over all devices. */
  ACKNOWLEDGEMENTS,
  /** Messages of an old attempt, epoch or session, dropped (INV-10). */
  LATE_MESSAGES,
  /** Tickets refused because the queue was full. */
  QUEUE_REFUSALS
}
