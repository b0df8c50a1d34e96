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
  /** Migrations to a device that the host began. */
  MIGRATIONS_IN,
  /** Migrations home that the host began. */
  MIGRATIONS_OUT,
  /** Migrations that the host gave up before they were reported. */
  MIGRATIONS_GIVEN_UP,
  /** Pages whose bytes came to a device. */
  PAGES_FETCHED,
  /** Pages whose bytes went home. */
  PAGES_PUSHED,
  /** Pages that a device had no room for. */
  MIGRATION_PAGES_WITHOUT_ROOM,
  /** Pages that were asked to be taken home because room was needed. */
  EVICTIONS,
  /** Times that pages were asked for because a device had faulted on them. */
  MIGRATE_REQUESTS,
  /** Tickets refused because the queue was full. */
  QUEUE_REFUSALS
}
