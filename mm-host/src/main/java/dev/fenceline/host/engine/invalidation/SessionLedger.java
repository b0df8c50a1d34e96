package dev.fenceline.host.engine.invalidation;

import java.util.LinkedHashSet;

/**
 * The fences that one session owes on one shard, oldest first. Confined to the shard.
 *
 * <p>Its size is bounded by the fence slots of a session, which are reserved before an invalidation
 * is scheduled (A4).
 */
public final class SessionLedger {
  private final long sessionId;

  /** In the order of scheduling; linked, so that identity hashes never decide an order. */
  private final LinkedHashSet<Fence> oldestFirst = new LinkedHashSet<>();

  private boolean overdue;
  private long lastBroadcastSequence;

  public SessionLedger(long sessionId) {
    this.sessionId = sessionId;
  }

  /** 0 for the CPU. */
  public long sessionId() {
    return sessionId;
  }

  public int pendingCount() {
    return oldestFirst.size();
  }

  void owes(Fence fence) {
    oldestFirst.add(fence);
  }

  void resolved(Fence fence) {
    oldestFirst.remove(fence);
  }

  /** When the oldest pending fence was scheduled; Long.MAX_VALUE if none is pending. */
  public long oldestScheduledNanos() {
    return oldestFirst.isEmpty() ? Long.MAX_VALUE : oldestFirst.getFirst().scheduledNanos();
  }

  /** True if the answer changed; then {@link #overdue} is the new one. */
  public boolean updateOverdue(long nowNanos, long overdueNanos) {
    long oldest = oldestScheduledNanos();
    boolean late = oldest != Long.MAX_VALUE && nowNanos - oldest >= overdueNanos;
    boolean changed = late != overdue;
    overdue = late;
    return changed;
  }

  public boolean overdue() {
    return overdue;
  }

  /** True once per sequence: a session with several devices gets one message. */
  public boolean markBroadcast(long sequence) {
    if (lastBroadcastSequence == sequence) {
      return false;
    }
    lastBroadcastSequence = sequence;
    return true;
  }
}
