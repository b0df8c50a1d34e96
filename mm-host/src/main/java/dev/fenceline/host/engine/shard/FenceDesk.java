package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.model.FenceResolution;
import java.util.List;

/**
 * Finds the fences that an ack, a drain or the end of a session resolves. Confined to the shard.
 */
final class FenceDesk {
  private final ShardState state;
  private final OperationDriver operations;

  FenceDesk(ShardState state, OperationDriver operations) {
    this.state = state;
    this.operations = operations;
  }

  /** An agent acknowledged; an ack of what it does not owe changes nothing (INV-10). */
  void acknowledge(ShardSession session, int deviceIndex, long invalidationId, long nowNanos) {
    Invalidation invalidation = state.live.get(invalidationId);
    if (invalidation == null) {
      if (!state.everIssued(invalidationId)) {
        state.emit(new ShardEffect.LateMessage(session.sessionId()));
      }
      return;
    }
    DeviceView view = session.view(invalidation.spaceId(), deviceIndex);
    int fence = view == null ? -1 : invalidation.fenceOf(view);
    if (fence < 0) {
      state.emit(new ShardEffect.LateMessage(session.sessionId()));
    } else if (invalidation.fences().get(fence).pending()
        && invalidation.fences().get(fence).told()) {
      operations.resolve(invalidation, fence, FenceResolution.ACKED, nowNanos);
    }
  }

  void cpuDrained(long invalidationId, long nowNanos) {
    Invalidation invalidation = state.live.get(invalidationId);
    AddressSpace space = invalidation == null ? null : state.space(invalidation.spaceId());
    if (invalidation == null || space == null) {
      return;
    }
    int fence = invalidation.fenceOf(space.cpu());
    if (fence >= 0 && invalidation.fences().get(fence).pending()) {
      operations.resolve(invalidation, fence, FenceResolution.ACKED, nowNanos);
    }
  }

  /** Resolves everything that the participant owes. */
  void resolveAll(DeviceView view, FenceResolution cause, long nowNanos) {
    for (Invalidation invalidation : List.copyOf(view.owed())) {
      int fence = invalidation.fenceOf(view);
      if (invalidation.fences().get(fence).pending()) {
        operations.resolve(invalidation, fence, cause, nowNanos);
      }
    }
  }

  /**
   * Ends the fences of which a sequential notifier has not told the device, where no mirror of it
   * is left: it has drained there, and must not hear of an invalidation any more (INV-12).
   */
  void resolveUntold(ShardSession session, DeviceView view, long nowNanos) {
    for (Invalidation invalidation : List.copyOf(view.owed())) {
      int fence = invalidation.fenceOf(view);
      if (invalidation.fences().get(fence).pending()
          && !invalidation.fences().get(fence).told()
          && !session.mirrorsAt(view, invalidation.start(), invalidation.end())) {
        operations.resolve(invalidation, fence, FenceResolution.ACKED, nowNanos);
      }
    }
  }

  /**
   * Ends the fences that earlier back-offs over a released space left behind: their acks find no
   * view any more, and the release that has completed covers them (INV-6).
   */
  void resolveReleased(long spaceId, long nowNanos) {
    for (Invalidation invalidation : List.copyOf(state.live.values())) {
      for (int i = 0; invalidation.spaceId() == spaceId && i < invalidation.fences().size(); i++) {
        if (invalidation.fences().get(i).pending()) {
          operations.resolve(invalidation, i, FenceResolution.ACKED, nowNanos);
        }
      }
    }
  }
}
