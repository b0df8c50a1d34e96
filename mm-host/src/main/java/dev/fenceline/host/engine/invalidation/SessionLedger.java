package dev.fenceline.host.engine.invalidation;

import org.jspecify.annotations.Nullable;

/**
 * The fences that one session owes on one shard, oldest first. Confined to the shard.
 *
 * <p>Its size is bounded by the fence slots of a session, which are reserved before an invalidation
 * is scheduled (A4).
 */
public final class SessionLedger {
  private final long sessionId;

  /** Ends of a list that runs through the fences that were told of, in the order of telling. */
  private @Nullable Fence oldest;

  private @Nullable Fence newest;
  private int pending;

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
    return pending;
  }

  void owes() {
    pending++;
  }

  /** From now on, it is the session that a fence waits for. */
  void told(Fence fence) {
    fence.older = newest;
    if (newest == null) {
      oldest = fence;
    } else {
      newest.newer = fence;
    }
    newest = fence;
  }

  /** Takes out a fence that it owes. */
  void resolved(Fence fence) {
    pending--;
    if (!fence.told()) {
      return;
    }
    if (fence.older == null) {
      oldest = fence.newer;
    } else {
      fence.older.newer = fence.newer;
    }
    if (fence.newer == null) {
      newest = fence.older;
    } else {
      fence.newer.older = fence.older;
    }
    fence.older = null;
    fence.newer = null;
  }

  /** When it was told of the oldest pending fence; Long.MAX_VALUE if of none. */
  public long oldestToldNanos() {
    return oldest == null ? Long.MAX_VALUE : oldest.toldNanosOr(Long.MAX_VALUE);
  }

  /** True if the answer changed; then {@link #overdue} is the new one. */
  public boolean updateOverdue(long nowNanos, long overdueNanos) {
    long oldest = oldestToldNanos();
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
