package dev.fenceline.client.resource;

import org.jspecify.annotations.Nullable;

/**
 * What became of an operation on an address space; immutable.
 *
 * @param outcome {@code done}, or {@code backed-off}: a fence had still to wait, the entries were
 *     restored, nothing else changed
 * @param address of the mapping made or moved
 * @param fenceId null if no translation had to be invalidated
 * @param fencesWaited devices that had something to drain
 */
public record Operation(
    String outcome,
    @Nullable String address,
    @Nullable String fenceId,
    double scheduleMicros,
    double unmapMicros,
    double waitMicros,
    int fencesWaited) {

  /** What became of it, as a type. */
  public sealed interface Outcome {}

  /** It took effect; immutable. */
  public record Done(Operation operation) implements Outcome {}

  /** It gave up waiting and changed nothing; immutable. */
  public record BackedOff(Operation operation) implements Outcome {}

  /** The two cases, to switch over. */
  public Outcome toOutcome() {
    return outcome.equals("done") ? new Done(this) : new BackedOff(this);
  }
}
