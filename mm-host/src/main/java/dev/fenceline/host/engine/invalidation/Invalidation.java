package dev.fenceline.host.engine.invalidation;

import dev.fenceline.host.engine.space.OperationPlan.Footprint;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.InvalidationKind;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.List;

/**
 * One pass A-B-C over an interval: schedule, unmap, wait. Confined to the shard.
 *
 * <p>Legal transitions: SCHEDULED -> UNMAPPED -> WAITING -> COMPLETED | BACKED_OFF, and SCHEDULED
 * -> BACKED_OFF for a sequential one whose caller does not wait. It ends exactly once (INV-6);
 * fences of one that backed off may resolve later and stay on record.
 */
public final class Invalidation {
  /** Where it stands. */
  public enum State {
    SCHEDULED,
    UNMAPPED,
    WAITING,
    COMPLETED,
    BACKED_OFF;

    public boolean ended() {
      return this == COMPLETED || this == BACKED_OFF;
    }
  }

  private final long id;
  private final Operation operation;
  private final long spaceId;
  private final long vpnStart;
  private final long vpnEnd;
  private final InvalidationKind kind;
  private final NotificationMode mode;
  private final long sequence;
  private final long startedNanos;
  private final List<Fence> fences = new ArrayList<>(4);
  private int pendingCount;
  private int waitedCount;
  private State state = State.SCHEDULED;
  private long unmapStartedNanos;
  private long waitStartedNanos;
  private long endedNanos;

  public Invalidation(
      long id,
      Operation operation,
      Footprint interval,
      NotificationMode mode,
      long sequence,
      long nowNanos) {
    this.id = id;
    this.operation = operation;
    this.spaceId = operation.request().spaceId();
    this.vpnStart = interval.vpnStart();
    this.vpnEnd = interval.vpnEnd();
    this.kind = interval.kind();
    this.mode = mode;
    this.sequence = sequence;
    this.startedNanos = nowNanos;
  }

  public long id() {
    return id;
  }

  /** The operation that needs it. */
  public Operation operation() {
    return operation;
  }

  public long spaceId() {
    return spaceId;
  }

  public long vpnStart() {
    return vpnStart;
  }

  public long vpnEnd() {
    return vpnEnd;
  }

  public long start() {
    return Pages.address(vpnStart);
  }

  public long end() {
    return Pages.address(vpnEnd);
  }

  public boolean overlaps(long otherVpnStart, long otherVpnEnd) {
    return vpnStart < otherVpnEnd && otherVpnStart < vpnEnd;
  }

  public InvalidationKind kind() {
    return kind;
  }

  public NotificationMode mode() {
    return mode;
  }

  public long sequence() {
    return sequence;
  }

  public State state() {
    return state;
  }

  public long startedNanos() {
    return startedNanos;
  }

  public List<Fence> fences() {
    return fences;
  }

  /** Fences that have not resolved. */
  public int pendingCount() {
    return pendingCount;
  }

  /** Participants that held translations when it was scheduled. */
  public int waitedCount() {
    return waitedCount;
  }

  /** Duration of phase A; so far, while in it. */
  public long scheduleNanos(long nowNanos) {
    return (unmapStartedNanos != 0 ? unmapStartedNanos : endOr(nowNanos)) - startedNanos;
  }

  /** Duration of phase B; 0 before it. */
  public long unmapNanos(long nowNanos) {
    if (unmapStartedNanos == 0) {
      return 0;
    }
    return (waitStartedNanos != 0 ? waitStartedNanos : endOr(nowNanos)) - unmapStartedNanos;
  }

  /** Duration of phase C; 0 before it. */
  public long waitNanos(long nowNanos) {
    return waitStartedNanos == 0 ? 0 : endOr(nowNanos) - waitStartedNanos;
  }

  /** The index of the participant's fence, or -1. */
  public int fenceOf(DeviceView participant) {
    for (int i = 0; i < fences.size(); i++) {
      if (fences.get(i).participant() == participant) {
        return i;
      }
    }
    return -1;
  }

  /** Adds a participant; one that holds nothing has nothing to drain and is resolved at birth. */
  public void addFence(DeviceView participant, boolean holds, long nowNanos) {
    Fence fence = new Fence(participant, nowNanos);
    fences.add(fence);
    if (holds) {
      pendingCount++;
      waitedCount++;
      participant.owed().add(this);
      participant.ledger().owes();
    } else {
      fence.resolve(FenceResolution.NOT_HELD, nowNanos);
    }
  }

  /** The participant of a fence is told; from now on, it has to drain. */
  public void tell(Fence fence, long nowNanos) {
    if (!fence.told()) {
      fence.tell(nowNanos);
      if (fence.pending()) {
        fence.participant().ledger().told(fence);
      }
    }
  }

  /** Resolves a pending fence and releases what the participant held in the interval. */
  public void resolve(int fenceIndex, FenceResolution how, long nowNanos) {
    Fence fence = fences.get(fenceIndex);
    fence.resolve(how, nowNanos);
    pendingCount--;
    fence.participant().owed().remove(this);
    fence.participant().ledger().resolved(fence);
    fence.participant().holders().release(vpnStart, vpnEnd);
  }

  public void transition(State next, long nowNanos) {
    boolean legal =
        switch (next) {
          case SCHEDULED -> false;
          case UNMAPPED -> state == State.SCHEDULED;
          case WAITING -> state == State.UNMAPPED;
          case COMPLETED -> state == State.WAITING && pendingCount == 0;
          case BACKED_OFF -> !state.ended();
        };
    if (!legal) {
      throw new IllegalStateException(
          "INV-6: invalidation "
              + id
              + " from "
              + state
              + " to "
              + next
              + ", pending "
              + pendingCount);
    }
    state = next;
    switch (next) {
      case SCHEDULED -> {}
      case UNMAPPED -> unmapStartedNanos = nowNanos;
      case WAITING -> waitStartedNanos = nowNanos;
      case COMPLETED, BACKED_OFF -> endedNanos = nowNanos;
    }
  }

  private long endOr(long nowNanos) {
    return endedNanos != 0 ? endedNanos : nowNanos;
  }
}
