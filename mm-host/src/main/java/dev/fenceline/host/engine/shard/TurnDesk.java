package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.space.OperationPlan.Footprint;
import dev.fenceline.model.DeviceId;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.TreeSet;

/**
 * Gives turns to devices that starve, and lets operations wait for their ends. Confined to the
 * shard.
 *
 * <p>Internal operations never wait for a turn: faults need them, perhaps that of the device whose
 * turn it is, and what the host moves by itself is no contention (pitfall 37).
 */
final class TurnDesk {
  private final ShardState state;

  /** Spaces where it may be a device's turn. */
  private final LinkedHashSet<AddressSpace> spaces = new LinkedHashSet<>();

  /** Operations that wait for the end of a turn. */
  private final TreeSet<Long> waiting = new TreeSet<>();

  TurnDesk(ShardState state) {
    this.state = state;
  }

  /** A device's fault was served whose answers came too late so often before. */
  void served(AddressSpace space, DeviceId device, long vpnStart, long vpnEnd, int collided) {
    long given = space.turns().served(device, vpnStart, vpnEnd, collided, state.nowNanos);
    if (given > 0) {
      spaces.add(space);
      state.emit(new ShardEffect.TurnGiven(space.id(), vpnStart, device, given));
    }
  }

  /** Whether the operation has to wait for the end of a turn. */
  boolean holdsUp(AddressSpace space, Operation operation, long nowNanos) {
    if (operation.internal() || !spaces.contains(space)) {
      return false;
    }
    boolean held = false;
    for (Footprint part : operation.footprint()) {
      held |= part.invalidated() && space.turns().holdsUp(part.vpnStart(), part.vpnEnd(), nowNanos);
    }
    if (held && !operation.waitsForNothing()) {
      // At each look: another operation that began meanwhile has used the host's turn.
      boolean first = waiting.add(operation.id());
      for (Footprint part : operation.footprint()) {
        if (part.invalidated()) {
          space.turns().held(part.vpnStart(), part.vpnEnd(), first, nowNanos);
        }
      }
      if (first) {
        state.emit(new ShardEffect.HeldForTurn(space.id()));
      }
    }
    return held;
  }

  /** An operation has ended, and may never have begun. */
  void ended(Operation operation) {
    waiting.remove(operation.id());
  }

  /** An operation begins: the host's turn is used. */
  void begun(AddressSpace space, Operation operation) {
    if (operation.internal() || !spaces.contains(space)) {
      return;
    }
    waiting.remove(operation.id());
    for (Footprint part : operation.footprint()) {
      if (part.invalidated()) {
        space.turns().begun(part.vpnStart(), part.vpnEnd());
      }
    }
  }

  /** Ends turns whose time is over; the spaces whose operations may go on. */
  List<AddressSpace> endTurns(long nowNanos) {
    if (nextEndNanos() > nowNanos) {
      return List.of();
    }
    List<AddressSpace> free = new ArrayList<>();
    for (AddressSpace space : List.copyOf(spaces)) {
      if (space.turns().endTurns(nowNanos)) {
        free.add(space);
      }
      if (state.space(space.id()) == null || space.turns().isEmpty()) {
        spaces.remove(space);
      }
    }
    return free;
  }

  /** Who waited for the end has begun, or does not wait any more. */
  void ranQueue(AddressSpace space) {
    if (space.queued().isEmpty()) {
      space.turns().nobodyWaits();
    }
  }

  long nextEndNanos() {
    long next = Long.MAX_VALUE;
    for (AddressSpace space : spaces) {
      next = Math.min(next, space.turns().nextEndNanos());
    }
    return next;
  }
}
