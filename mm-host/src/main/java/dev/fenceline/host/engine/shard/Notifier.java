package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.invalidation.Fence;
import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.space.OperationPlan.Footprint;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Pages;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Phase A: who takes part in an invalidation, and telling them. Never waits, and says beforehand
 * whether every participant has room (A4). Confined to the shard.
 */
final class Notifier {
  private final ShardState state;

  Notifier(ShardState state) {
    this.state = state;
  }

  /** Devices of one agent, each of which may owe a fence of its own. */
  private static final int DEVICES_PER_SESSION_BOUND = 64;

  void addParticipants(AddressSpace space, Invalidation invalidation, long nowNanos) {
    long vpnStart = invalidation.vpnStart();
    long vpnEnd = invalidation.vpnEnd();
    DeviceId owner = owner(invalidation.operation().resolved());
    space
        .mirrors()
        .forEachOverlap(
            invalidation.start(),
            invalidation.end(),
            mirror -> {
              mirror.touched(invalidation.sequence());
              DeviceView view = mirror.view();
              if (!view.device().equals(owner) && view.markScheduled(invalidation.sequence())) {
                invalidation.addFence(view, view.holders().holdsAny(vpnStart, vpnEnd), nowNanos);
              }
            });
    if (space.cpu().holders().holdsAny(vpnStart, vpnEnd)) {
      invalidation.addFence(space.cpu(), true, nowNanos);
    }
  }

  /**
   * Who does not hear of its own event: it drops its translations when it is told to push the
   * pages, or gets new ones for those that it has; null if everybody hears of it.
   */
  private static @Nullable DeviceId owner(SpaceOperation operation) {
    if (operation instanceof SpaceOperation.MigrateHome home) {
      return home.device();
    }
    return operation instanceof SpaceOperation.MakeExclusive make ? make.device() : null;
  }

  void notifyParticipants(AddressSpace space, Invalidation invalidation, long nowNanos) {
    if (invalidation.mode() == NotificationMode.SEQUENTIAL) {
      for (Fence fence : invalidation.fences()) {
        if (!fence.pending()) {
          tell(invalidation, fence, nowNanos);
        }
      }
      notifyNext(invalidation, nowNanos);
      return;
    }
    List<Fence> fences = invalidation.fences();
    long[] sessions = new long[fences.size()];
    int count = 0;
    for (int i = 0; i < fences.size(); i++) {
      DeviceView view = fences.get(i).participant();
      invalidation.tell(fences.get(i), nowNanos);
      if (view == space.cpu()) {
        dropCpu(invalidation);
      } else if (view.ledger().markBroadcast(invalidation.id())) {
        sessions[count++] = view.sessionId();
      }
    }
    if (count > 0) {
      state.emit(
          new ShardEffect.Broadcast(
              Arrays.copyOf(sessions, count),
              message(invalidation, HostMessage.Invalidate.ALL_DEVICES)));
    }
  }

  /**
   * Sequential: notifies the first participant that has still to drain, unless it was told already.
   * One whose session has ended is not told: its fence resolves in this step, and the next one's
   * turn comes then.
   */
  void notifyNext(Invalidation invalidation, long nowNanos) {
    for (Fence fence : invalidation.fences()) {
      if (fence.pending()) {
        long sessionId = fence.participant().sessionId();
        if (!fence.told() && (sessionId == 0 || state.sessions.containsKey(sessionId))) {
          tell(invalidation, fence, nowNanos);
        }
        return;
      }
    }
  }

  /** Sequential, backing off: who was not told yet is told now, since each fence must resolve. */
  void notifyRest(Invalidation invalidation, long nowNanos) {
    for (Fence fence : invalidation.fences()) {
      if (fence.pending() && !fence.told()) {
        tell(invalidation, fence, nowNanos);
      }
    }
  }

  private void tell(Invalidation invalidation, Fence fence, long nowNanos) {
    invalidation.tell(fence, nowNanos);
    DeviceView view = fence.participant();
    if (view.sessionId() == 0) {
      dropCpu(invalidation);
    } else {
      state.emit(
          new ShardEffect.Send(
              view.sessionId(), message(invalidation, view.device().deviceIndex())));
    }
  }

  private void dropCpu(Invalidation invalidation) {
    state.emit(
        new ShardEffect.DropCpuEntries(
            invalidation.spaceId(),
            invalidation.vpnStart(),
            invalidation.vpnEnd(),
            invalidation.id()));
  }

  private static HostMessage.Invalidate message(Invalidation invalidation, int deviceIndex) {
    return new HostMessage.Invalidate(
        List.of(invalidation.id()),
        invalidation.spaceId(),
        invalidation.start(),
        invalidation.end(),
        invalidation.sequence(),
        invalidation.kind(),
        deviceIndex);
  }

  boolean slotsLeft(AddressSpace space, Operation operation) {
    int needed = operation.footprint().size();
    boolean[] room = {true};
    for (Footprint interval : operation.footprint()) {
      space
          .mirrors()
          .forEachOverlap(
              Pages.address(interval.vpnStart()),
              Pages.address(interval.vpnEnd()),
              mirror -> {
                int pending = mirror.view().ledger().pendingCount();
                int devices = needed * DEVICES_PER_SESSION_BOUND;
                room[0] &= pending + devices <= state.config.maxFencesPerSession();
              });
    }
    return room[0];
  }
}
