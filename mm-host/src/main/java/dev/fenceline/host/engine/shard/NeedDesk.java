package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import dev.fenceline.model.WaitPolicy;
import java.util.List;

/**
 * Has done what faults and operations need first: other operations, or frames. Confined to the
 * shard.
 */
final class NeedDesk {
  /** How long a touch of a page waits for somebody to supply it. */
  static final long SUPPLY_WAIT_NANOS = 10_000_000_000L;

  private static final OperationOutcome DONE =
      new OperationOutcome.Done(0, OperationOutcome.Timing.NONE);

  private final ShardState state;
  private final OperationDriver operations;
  private final FaultService faults;
  private final OomKiller oom;

  NeedDesk(ShardState state, OperationDriver operations, FaultService faults) {
    this.state = state;
    this.operations = operations;
    this.faults = faults;
    this.oom = new OomKiller(state, operations, faults);
  }

  OomKiller oom() {
    return oom;
  }

  /**
   * Starts what faults and operations of this step need done first. What one of these needs in turn
   * is started as well; each touches pages that the one before it left ready, so this ends.
   */
  void startWanted(long nowNanos) {
    while (!state.wanted.isEmpty()) {
      SpaceOperation.Internal wanted = state.wanted.removeFirst();
      AddressSpace space = state.space(wanted.spaceId());
      if (space == null || OperationQueue.underWay(space, wanted)) {
        continue;
      }
      Operation operation =
          new Operation(
              state.nextOperationId(), Operation.NO_REQUEST, wanted, patience(wanted), nowNanos);
      if (!operations.tryStart(space, operation, nowNanos)) {
        operations.enqueue(space, operation);
      }
    }
  }

  /**
   * Pages of devices come home before the operation begins. Without a frame for them they would be
   * invalidated for nothing, again and again, so it waits for one.
   *
   * @return true if the operation was refused, false if it waits
   */
  boolean bringHome(
      AddressSpace space, Operation operation, SpaceOperation.Internal home, long nowNanos) {
    if (state.anyLeft()) {
      operation.needs(home);
      state.wanted.add(home);
      return false;
    }
    if (!state.mayComeFree()) {
      operations.end(
          operation,
          new OperationOutcome.Refused(
              Errno.RESOURCE_EXHAUSTED,
              "no frame left for pages that come home first; unmap or discard memory, or enlarge"
                  + " the frame arena",
              null));
      return true;
    }
    operation.starves(nowNanos);
    state.reclaimer.starves(space, operation.starvesSinceNanos(), nowNanos);
    return false;
  }

  /** A reclaim passes over devices that are slow to drain; everything else is waited for. */
  private WaitPolicy patience(SpaceOperation.Internal operation) {
    return switch (operation) {
      case SpaceOperation.Reclaim reclaim -> {
        long waitNanos = state.config.reclaim().waitNanos();
        yield waitNanos == 0 ? WaitPolicy.TRY : new WaitPolicy.Deadline(waitNanos);
      }
      case SpaceOperation.Reap reap -> WaitPolicy.TRY;
      case SpaceOperation.BreakCow copy -> WaitPolicy.BLOCK;
      case SpaceOperation.AwaitSupply await -> new WaitPolicy.Deadline(SUPPLY_WAIT_NANOS);
      case SpaceOperation.RevokeExclusive revoke -> WaitPolicy.BLOCK;
      case SpaceOperation.MigrateHome home -> WaitPolicy.BLOCK;
      case SpaceOperation.MakeExclusive make -> WaitPolicy.BLOCK;
    };
  }

  /** Pages that somebody touched and nobody supplied yet give way to what changes them. */
  void giveWay(AddressSpace space, Operation operation, long nowNanos) {
    for (Operation other : List.copyOf(space.active())) {
      if (other.request() instanceof SpaceOperation.AwaitSupply await
          && operation.touches(await.vpn(), await.vpn() + 1)) {
        operations.complete(other.id(), DONE, nowNanos);
      }
    }
  }

  /** Pages have come: who waits for them goes on. */
  void supplied(AddressSpace space, SpaceOperation.Supply supply, long nowNanos) {
    long vpnStart = Pages.number(supply.address());
    long vpnEnd = vpnStart + Pages.number(supply.bytes().length);
    for (Operation other : List.copyOf(space.active())) {
      if (other.request() instanceof SpaceOperation.AwaitSupply await
          && vpnStart <= await.vpn()
          && await.vpn() < vpnEnd) {
        operations.complete(other.id(), DONE, nowNanos);
      }
    }
  }

  /** Nobody supplied the page: who waits for it is told so. */
  void unsupplied(Operation operation, SpaceOperation.AwaitSupply await, long nowNanos) {
    operations.complete(
        operation.id(),
        new OperationOutcome.Refused(
            Errno.ETIME,
            "page 0x%x was not supplied within %d s"
                .formatted(Pages.address(await.vpn()), SUPPLY_WAIT_NANOS / 1_000_000_000),
            Pages.address(await.vpn())),
        nowNanos);
  }

  /** What was needed has ended; if it was refused, so is who needed it. */
  void ended(SpaceOperation.Internal operation, OperationOutcome outcome) {
    if (operation instanceof SpaceOperation.Reclaim) {
      state.reclaimer.ended(outcome);
    } else if (operation instanceof SpaceOperation.Reap) {
      oom.reaper().ended(outcome);
    }
    if (outcome instanceof OperationOutcome.Refused refused) {
      refused(operation, refused);
    }
  }

  /** Who needed it done gets the reason why it could not be. */
  private void refused(SpaceOperation.Internal operation, OperationOutcome.Refused refused) {
    AddressSpace space = state.space(operation.spaceId());
    if (space == null) {
      return;
    }
    faults.refuseNeeding(space, operation, refused.errno(), refused.message());
    for (Operation waiting : List.copyOf(space.queued())) {
      if (operation.equals(waiting.needs()) && space.queued().remove(waiting)) {
        operations.end(waiting, refused);
      }
    }
  }

  /** Frames are there: who waited for one tries again. */
  void retryStarving(long nowNanos) {
    for (AddressSpace space : state.reclaimer.takeStarving()) {
      operations.wake(space, nowNanos);
    }
  }

  /** Nothing could be swapped out for too long: somebody is killed, or who waits is refused. */
  void refuseHopeless(long nowNanos) {
    if (!state.reclaimer.anybodyHopeless(nowNanos) || oom.helps(nowNanos)) {
      return;
    }
    boolean outOfMemory = state.reclaimer.outOfMemory();
    long since = state.reclaimer.hopelessSinceNanos(nowNanos);
    for (AddressSpace space : state.reclaimer.takeHopeless(nowNanos)) {
      String message =
          (outOfMemory
                  ? "out of memory: every frame and every page of swap is in use"
                  : "no frame became free in %d ms"
                      .formatted(state.config.reclaim().patienceNanos() / 1_000_000))
              + "; unmap or discard memory, or enlarge the frame arena or the swap file";
      faults.refuseStarving(space, since, Errno.RESOURCE_EXHAUSTED, message);
      for (Operation waiting : List.copyOf(space.queued())) {
        if (waiting.starvesSinceNanos() <= since && space.queued().remove(waiting)) {
          operations.end(
              waiting, new OperationOutcome.Refused(Errno.RESOURCE_EXHAUSTED, message, null));
        }
      }
      operations.wake(space, nowNanos);
    }
  }
}
