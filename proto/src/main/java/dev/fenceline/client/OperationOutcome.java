package dev.fenceline.client;

/**
 * What became of an operation on an address space; immutable. A refusal is a {@link
 * RefusedException}.
 */
public sealed interface OperationOutcome {
  /** How long its phases took. */
  PhaseTimes times();

  /**
   * It took effect; immutable.
   *
   * @param address of the mapping made or moved; end of the heap for brk; else 0
   */
  record Done(long address, PhaseTimes times) implements OperationOutcome {}

  /** A fence had still to wait; the entries were restored, nothing else changed; immutable. */
  record BackedOff(PhaseTimes times) implements OperationOutcome {}
}
