package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.OperationPlan;
import dev.fenceline.host.engine.space.OperationPlan.Footprint;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Errno;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.WaitPolicy;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes operations through schedule, unmap and wait. Confined to the shard.
 *
 * <pre>
 *   host (this)                                  device
 *   A  sequence raised, fence pending
 *      Invalidate sent  ------------------.      access announced, entry found
 *   B  entries become invalidating         '-->  entry cleared
 *      (faults of both sides park)               access goes on through the old translation:
 *                                                the host lets it, its fence is still pending
 *   C  waits                         .---------  access ended: ack
 *      fence resolved  <------------'            a later access misses, faults, parks
 *      frames freed, faults served   --------->  new translation
 * </pre>
 *
 * <p>The line that matters is the last of the left column: no frame is freed, no entry reused and
 * no fault served before the fence has resolved (INV-1, INV-2, INV-3).
 */
final class OperationDriver {
  private final ShardState state;
  private final FaultService faults;
  private final Notifier notifier;
  private final OperationApplier applier;

  /** Spaces with an operation that waits for fence slots. */
  private final LinkedHashSet<AddressSpace> starved = new LinkedHashSet<>();

  private final List<Operation> withDeadline = new ArrayList<>();

  OperationDriver(ShardState state, FaultService faults) {
    this.state = state;
    this.faults = faults;
    this.notifier = new Notifier(state);
    this.applier = new OperationApplier(state, faults);
  }

  /** Takes up an operation: it runs, waits in the queue, or is refused. */
  void submit(ShardInput.Submit input, long nowNanos) {
    SpaceOperation request = input.operation();
    AddressSpace space = state.space(request.spaceId());
    if (space == null) {
      refuse(
          input.requestId(),
          Errno.ENOENT,
          "address space " + request.spaceId() + " does not exist on this host");
      return;
    }
    if (input.policy() instanceof WaitPolicy.Deadline deadline && deadline.nanos() < 1) {
      refuse(
          input.requestId(),
          Errno.EINVAL,
          "deadline of " + deadline.nanos() + " ns: must be at least 1 ns");
      return;
    }
    Operation operation =
        new Operation(
            state.nextOperationId(), input.requestId(), request, input.policy(), nowNanos);
    if (!tryStart(space, operation, nowNanos)) {
      enqueue(space, operation);
    }
  }

  /** The effects of the phase before were carried out. */
  void proceed(long operationId, long nowNanos) {
    Operation operation = state.operations.get(operationId);
    if (operation == null) {
      return;
    }
    AddressSpace space = spaceOf(operation);
    state.changed(space);
    Invalidation.State phase = operation.invalidations().get(0).state();
    boolean pending = operation.pendingFences() > 0;
    if (phase == Invalidation.State.SCHEDULED) {
      boolean sequential = operation.invalidations().get(0).mode() == NotificationMode.SEQUENTIAL;
      if (sequential && pending) {
        waitOrBackOff(space, operation, nowNanos);
        return;
      }
      unmap(space, operation, nowNanos);
    } else if (phase == Invalidation.State.UNMAPPED) {
      transition(operation, Invalidation.State.WAITING, nowNanos);
      if (pending) {
        waitOrBackOff(space, operation, nowNanos);
      } else {
        finish(space, operation, nowNanos);
      }
    }
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
      resolve(invalidation, fence, FenceResolution.ACKED, nowNanos);
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
      resolve(invalidation, fence, FenceResolution.ACKED, nowNanos);
    }
  }

  /** Resolves everything that the participant owes. */
  void resolveAll(DeviceView view, FenceResolution cause, long nowNanos) {
    for (Invalidation invalidation : List.copyOf(view.owed())) {
      int fence = invalidation.fenceOf(view);
      if (invalidation.fences().get(fence).pending()) {
        resolve(invalidation, fence, cause, nowNanos);
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
        resolve(invalidation, fence, FenceResolution.ACKED, nowNanos);
      }
    }
  }

  /** Backs off what has waited up to its deadline. */
  void expire(long nowNanos) {
    if (nextDeadlineNanos() > nowNanos) {
      return;
    }
    for (Operation operation : List.copyOf(withDeadline)) {
      if (operation.deadlineNanos() > nowNanos || !withDeadline.remove(operation)) {
        continue;
      }
      AddressSpace space = state.space(operation.request().spaceId());
      if (space == null) {
        continue;
      }
      state.changed(space);
      if (space.queued().remove(operation)) {
        end(operation, new OperationOutcome.BackedOff(OperationOutcome.Timing.NONE));
        runQueue(space, nowNanos);
      } else if (state.operations.containsKey(operation.id())) {
        backOff(space, operation, nowNanos);
      }
    }
  }

  long nextDeadlineNanos() {
    long next = Long.MAX_VALUE;
    for (int i = 0; i < withDeadline.size(); i++) {
      next = Math.min(next, withDeadline.get(i).deadlineNanos());
    }
    return next;
  }

  /** Refuses what still waits in the queue of a space that has gone. */
  private void refuseQueued(AddressSpace space) {
    while (!space.queued().isEmpty()) {
      Operation operation = space.queued().removeFirst();
      end(
          operation,
          new OperationOutcome.Refused(
              Errno.ENOENT, "address space " + space.id() + " was destroyed", null));
    }
  }

  /** Runs queued operations that nothing holds up any more, in their order. */
  void runQueue(AddressSpace space, long nowNanos) {
    if (space.queued().isEmpty()) {
      return;
    }
    List<Operation> waiting = List.copyOf(space.queued());
    space.queued().clear();
    for (Operation operation : waiting) {
      if (!tryStart(space, operation, nowNanos)) {
        space.queued().addLast(operation);
      }
    }
  }

  private void enqueue(AddressSpace space, Operation operation) {
    if (operation.waitsForNothing()) {
      end(
          operation,
          new OperationOutcome.Refused(
              Errno.EAGAIN,
              "the interval is being invalidated or a fence queue is full; a try does not wait",
              null));
    } else if (space.queued().size() >= state.config.maxQueuedOperations()) {
      end(
          operation,
          new OperationOutcome.Refused(
              Errno.RESOURCE_EXHAUSTED,
              "more than "
                  + state.config.maxQueuedOperations()
                  + " operations wait on address space "
                  + space.id(),
              null));
    } else {
      space.queued().addLast(operation);
      if (operation.deadlineNanos() != Long.MAX_VALUE) {
        withDeadline.add(operation);
      }
    }
  }

  /** True if it started, ended at once or was refused; false if it has to wait. */
  private boolean tryStart(AddressSpace space, Operation operation, long nowNanos) {
    state.changed(space);
    switch (space.memory().plan(operation.request())) {
      case OperationPlan.Refused refused -> {
        end(
            operation,
            new OperationOutcome.Refused(refused.errno(), refused.message(), refused.address()));
        return true;
      }
      case OperationPlan.Ready ready -> {
        operation.plan(ready);
        if (heldUp(space, operation)) {
          return false;
        }
        if (!invalidates(operation)) {
          end(operation, applier.apply(space, operation, nowNanos));
          return true;
        }
        return schedule(space, operation, nowNanos);
      }
    }
  }

  private static boolean invalidates(Operation operation) {
    for (Footprint part : operation.footprint()) {
      if (part.invalidated()) {
        return true;
      }
    }
    return false;
  }

  private static boolean heldUp(AddressSpace space, Operation operation) {
    for (Footprint interval : operation.footprint()) {
      for (Operation other : space.active()) {
        if (other.touches(interval.vpnStart(), interval.vpnEnd())) {
          return true;
        }
      }
      for (Operation other : space.queued()) {
        if (other != operation && other.touches(interval.vpnStart(), interval.vpnEnd())) {
          return true;
        }
      }
    }
    return false;
  }

  /** Phase A. False, with nothing done, if a participant has no fence slot left (A4). */
  private boolean schedule(AddressSpace space, Operation operation, long nowNanos) {
    if (!notifier.slotsLeft(space, operation)) {
      starved.add(space);
      return false;
    }
    for (Footprint interval : operation.footprint()) {
      if (!interval.invalidated()) {
        continue;
      }
      Invalidation invalidation =
          new Invalidation(
              state.nextInvalidationId(),
              operation,
              interval,
              space.mode(),
              space.nextSequence(),
              nowNanos);
      operation.invalidations().add(invalidation);
      state.live.put(invalidation.id(), invalidation);
      notifier.addParticipants(space, invalidation, nowNanos);
      notifier.notifyParticipants(space, invalidation, nowNanos);
    }
    space.active().add(operation);
    state.operations.put(operation.id(), operation);
    if (operation.deadlineNanos() != Long.MAX_VALUE && !operation.waitsForNothing()) {
      if (!withDeadline.contains(operation)) {
        withDeadline.add(operation);
      }
    }
    state.emit(new ShardEffect.ProceedAfter(operation.id()));
    return true;
  }

  /** A fence slot became free: operations of any space may have waited for it. */
  private void runStarved(long nowNanos) {
    if (starved.isEmpty()) {
      return;
    }
    List<AddressSpace> waiting = List.copyOf(starved);
    starved.clear();
    waiting.forEach(space -> runQueue(space, nowNanos));
  }

  /** Phase B: nobody can map there until C. */
  private void unmap(AddressSpace space, Operation operation, long nowNanos) {
    transition(operation, Invalidation.State.UNMAPPED, nowNanos);
    for (Footprint part : operation.footprint()) {
      if (part.invalidated()) {
        space.memory().hold(part.vpnStart(), part.vpnEnd());
      }
    }
    state.emit(new ShardEffect.ProceedAfter(operation.id()));
  }

  private void waitOrBackOff(AddressSpace space, Operation operation, long nowNanos) {
    if (operation.waitsForNothing() || operation.deadlineNanos() <= nowNanos) {
      backOff(space, operation, nowNanos);
    }
  }

  private void resolve(
      Invalidation invalidation, int fenceIndex, FenceResolution how, long nowNanos) {
    invalidation.resolve(fenceIndex, how, nowNanos);
    state.emit(new ShardEffect.FenceResolved(invalidation, fenceIndex));
    AddressSpace space = state.space(invalidation.spaceId());
    if (space != null) {
      state.changed(space);
    }
    runStarved(nowNanos);
    if (invalidation.state().ended()) {
      if (invalidation.pendingCount() == 0) {
        state.live.remove(invalidation.id());
      }
      if (space != null) {
        faults.retryParked(space, nowNanos);
        runQueue(space, nowNanos);
      }
      return;
    }
    Operation operation = invalidation.operation();
    if (space == null) {
      throw new IllegalStateException("space " + invalidation.spaceId() + " went before its end");
    }
    if (invalidation.state() == Invalidation.State.SCHEDULED
        && invalidation.mode() == NotificationMode.SEQUENTIAL) {
      notifier.notifyNext(invalidation, nowNanos);
      if (operation.pendingFences() == 0) {
        state.emit(new ShardEffect.ProceedAfter(operation.id()));
      }
    } else if (invalidation.state() == Invalidation.State.WAITING
        && operation.pendingFences() == 0) {
      finish(space, operation, nowNanos);
    }
  }

  /** Phase C succeeded: the operation takes effect. */
  private void finish(AddressSpace space, Operation operation, long nowNanos) {
    transition(operation, Invalidation.State.COMPLETED, nowNanos);
    OperationOutcome outcome = applier.apply(space, operation, nowNanos);
    restore(space, operation);
    retire(space, operation);
    end(operation, outcome);
    if (state.space(space.id()) == null) {
      refuseQueued(space);
      resolveReleased(space.id(), nowNanos);
      return;
    }
    wake(space, nowNanos);
  }

  /**
   * Ends the fences that earlier back-offs over a released space left behind: their acks find no
   * view any more, and the release that has completed covers them (INV-6).
   */
  private void resolveReleased(long spaceId, long nowNanos) {
    for (Invalidation invalidation : List.copyOf(state.live.values())) {
      for (int i = 0; invalidation.spaceId() == spaceId && i < invalidation.fences().size(); i++) {
        if (invalidation.fences().get(i).pending()) {
          resolve(invalidation, i, FenceResolution.ACKED, nowNanos);
        }
      }
    }
  }

  /** Phase C gave up: devices were invalidated for nothing and simply refault. */
  private void backOff(AddressSpace space, Operation operation, long nowNanos) {
    boolean held = operation.invalidations().get(0).state() != Invalidation.State.SCHEDULED;
    operation.invalidations().forEach(invalidation -> notifier.notifyRest(invalidation, nowNanos));
    transition(operation, Invalidation.State.BACKED_OFF, nowNanos);
    if (held) {
      restore(space, operation);
    }
    retire(space, operation);
    end(operation, new OperationOutcome.BackedOff(operation.timing(nowNanos)));
    wake(space, nowNanos);
  }

  /** What the operation held and did not take away is usable again. */
  private static void restore(AddressSpace space, Operation operation) {
    for (Footprint part : operation.footprint()) {
      if (part.invalidated()) {
        space.memory().restore(part.vpnStart(), part.vpnEnd());
      }
    }
  }

  private void transition(Operation operation, Invalidation.State next, long nowNanos) {
    for (Invalidation invalidation : operation.invalidations()) {
      invalidation.transition(next, nowNanos);
    }
  }

  private void retire(AddressSpace space, Operation operation) {
    space.active().remove(operation);
    state.operations.remove(operation.id());
    for (Invalidation invalidation : operation.invalidations()) {
      if (invalidation.pendingCount() == 0) {
        state.live.remove(invalidation.id());
      }
      state.remember(invalidation);
      state.waitTimes.record(invalidation);
      state.emit(new ShardEffect.InvalidationEnded(invalidation));
    }
  }

  private void wake(AddressSpace space, long nowNanos) {
    // Faults first: who waited for this operation gets the pages before the next one takes them.
    faults.retryParked(space, nowNanos);
    runQueue(space, nowNanos);
  }

  private void end(Operation operation, OperationOutcome outcome) {
    if (operation.deadlineNanos() != Long.MAX_VALUE) {
      withDeadline.remove(operation);
    }
    state.emit(new ShardEffect.OperationEnded(operation.requestId(), outcome));
  }

  private void refuse(long requestId, Errno errno, String message) {
    state.emit(
        new ShardEffect.OperationEnded(
            requestId, new OperationOutcome.Refused(errno, message, null)));
  }

  private AddressSpace spaceOf(Operation operation) {
    @Nullable AddressSpace space = state.space(operation.request().spaceId());
    if (space == null) {
      throw new IllegalStateException(
          "space " + operation.request().spaceId() + " went during operation " + operation.id());
    }
    return space;
  }
}
