package dev.fenceline.agent.runtime;

import dev.fenceline.model.Errno;

/** How one access of an execution unit ended; immutable by convention (the array is not copied). */
public sealed interface AccessOutcome {
  /**
   * @param data what was read
   * @param previous of an atomic: the value before
   */
  record Done(byte[] data, long previous) implements AccessOutcome {}

  /**
   * The first bytes are done; only between attempts, never handed to a program.
   *
   * @param data what was read
   */
  record Part(byte[] data, int length) implements AccessOutcome {}

  /** The address cannot be accessed, or time is over. */
  record Refused(Errno errno, String message, long address) implements AccessOutcome {}

  /** A write or atomic that may not be repeated, whose reply was lost with the session. */
  record InDoubt() implements AccessOutcome {}
}
