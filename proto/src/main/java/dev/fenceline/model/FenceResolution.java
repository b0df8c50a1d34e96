package dev.fenceline.model;

/** How a fence came to its end (INV-6: exactly one of these); immutable. */
public enum FenceResolution {
  /** The participant drained its accesses and said so. */
  ACKED,
  /** The participant held no translation in the interval: nothing to wait for. */
  NOT_HELD,
  /** The agent said Hello again, drained. */
  REATTACHED,
  /** The agent's lease ran out. */
  LEASE_EXPIRED,
  /** The agent left in good order. */
  LEFT
}
