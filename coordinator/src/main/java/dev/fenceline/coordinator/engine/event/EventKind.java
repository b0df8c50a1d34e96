package dev.fenceline.coordinator.engine.event;

/** What an event tells of; immutable. REST spells them in lower case with dashes. */
public enum EventKind {
  /** The coordinator started and waits for nodes to report. */
  COORDINATOR_STARTED,
  /** The recovery window is over. */
  COORDINATOR_READY,
  /** A node registered for the first time. */
  NODE_JOINED,
  NODE_LIVE,
  NODE_SUSPECT,
  NODE_LOST,
  NODE_LEFT,
  NODE_FORGOTTEN,
  /** Somebody changed something over REST, or was refused when trying. */
  OPERATOR_ACTION,
  /** A host had more events than it keeps: some are missing here. */
  HOST_EVENTS_LOST,
  SPACE_CREATED,
  SPACE_DESTROYED,
  SPACE_FORKED,
  NOTIFICATION_MODE_SET,
  AGENT_ATTACHED,
  AGENT_DETACHED,
  AGENT_LEFT,
  LEASE_EXPIRED,
  AGENT_REFUSED,
  AGENT_QUARANTINED,
  AGENT_RETURNED,
  FENCE_OVERDUE,
  INVALIDATION_BACKED_OFF,
  FRAMES_EXHAUSTED,
  POLICY_SET,
  /** A circle of waits was seen in two looks. */
  DEADLOCK_FOUND,
  /** It is gone, by a remedy or by itself. */
  DEADLOCK_BROKEN,
  /** Frames are needed: the owner of a long-term pin is asked to release it. */
  PIN_ASKED_BACK,
  /** A pin is older than the limit: perhaps it was forgotten. */
  PIN_OVER_AGE,
  /** A host is out of memory: an address space was killed for those that starve. */
  OOM_KILL,
  /** What could be had of a killed space without waiting for devices is free. */
  OOM_REAPED,
  /** A newer host tells of something that this version has no word for. */
  OTHER
}
