package dev.fenceline.host.runtime;

/** By what a message was found to be late (INV-10); immutable. */
public enum LateCause {
  /** Its stream speaks of another start of the host. */
  EPOCH,
  /** Its session is not the current one any more. */
  SESSION,
  /** It acknowledges an invalidation that its sender does not owe. */
  ACK,
  /** A request to move bytes, of a session that is not current. */
  DMA
}
