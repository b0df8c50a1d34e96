package dev.fenceline.host.engine.invalidation;

import dev.fenceline.model.FenceResolution;
import org.jspecify.annotations.Nullable;

/**
 * One participant's duty in an invalidation: pending until it is resolved, exactly once (INV-6).
 * Confined to the shard.
 */
public final class Fence {
  private final DeviceView participant;
  private final long scheduledNanos;
  private long toldNanos;
  private boolean told;
  private long resolvedNanos;
  private @Nullable FenceResolution resolution;

  /** Neighbours among the fences that the session owes; the ledger's own. */
  @Nullable Fence older;

  @Nullable Fence newer;

  Fence(DeviceView participant, long scheduledNanos) {
    this.participant = participant;
    this.scheduledNanos = scheduledNanos;
  }

  public DeviceView participant() {
    return participant;
  }

  public long scheduledNanos() {
    return scheduledNanos;
  }

  /** Whether its participant was told; a sequential notifier tells one after the other. */
  public boolean told() {
    return told;
  }

  /**
   * From when on it is the participant's to drain: when it was told or, if it was not, the time
   * given.
   */
  public long toldNanosOr(long otherwiseNanos) {
    return told ? toldNanos : otherwiseNanos;
  }

  /** The participant is told, once. */
  void tell(long nowNanos) {
    told = true;
    toldNanos = nowNanos;
  }

  /** When it was resolved; 0 while pending. */
  public long resolvedNanos() {
    return resolvedNanos;
  }

  /** How it was resolved; null while pending. */
  public @Nullable FenceResolution resolution() {
    return resolution;
  }

  public boolean pending() {
    return resolution == null;
  }

  /** Ends a pending fence. */
  void resolve(FenceResolution how, long nowNanos) {
    if (resolution != null) {
      throw new IllegalStateException(
          "INV-6: fence of "
              + participant.device()
              + " resolved twice: "
              + resolution
              + ", "
              + how);
    }
    resolution = how;
    resolvedNanos = nowNanos;
  }
}
