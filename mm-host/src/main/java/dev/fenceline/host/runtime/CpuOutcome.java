package dev.fenceline.host.runtime;

import dev.fenceline.model.Errno;

/** How a CPU access ended; immutable. */
public sealed interface CpuOutcome {
  /**
   * Every byte was moved.
   *
   * @param previous of an atomic: the word before; else 0
   */
  record Done(long previous) implements CpuOutcome {}

  /**
   * No byte was moved; unless the access reached over pages of a coherent device and others, of
   * which the first ones were there, or the message says that a write is in doubt.
   */
  record Refused(Errno errno, String message, long address) implements CpuOutcome {}

  CpuOutcome DONE = new Done(0);
}
