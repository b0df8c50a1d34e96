package dev.fenceline.host.engine.shard;

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

  private final OperationQueue queue;
  private final FenceDesk fences;
  private final NeedDesk needs;
  private final MigrationService migrations;
  private final DeviceRequests requests;

  OperationDriver(ShardState state, FaultService faults) {
    this.state = state;
    this.faults = faults;
    this.notifier = new Notifier(state);
    this.migrations = new MigrationService(state, this);
    this.requests = new DeviceRequests(state, this);
    this.applier = new OperationApplier(state, faults, migrations);
    this.queue = new OperationQueue(state.config);
    this.fences = new FenceDesk(state, this);
    this.needs = new NeedDesk(state, this, faults);
  }

  FenceDesk fences() {
    return fences;
  }

  NeedDesk needs() {
    return needs;
  }

  MigrationService migrations() {
    return migrations;
  }

  DeviceRequests requests() {
    return requests;
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
      needs.giveWay(space, operation, nowNanos);
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

  /** Backs off what has waited up to its deadline. */
  void expire(long nowNanos) {
    for (Operation operation : queue.expired(nowNanos)) {
      AddressSpace space = state.space(operation.request().spaceId());
      if (space == null) {
        continue;
      }
      state.changed(space);
      if (space.queued().remove(operation)) {
        end(operation, new OperationOutcome.BackedOff(OperationOutcome.Timing.NONE));
        runQueue(space, nowNanos);
      } else if (operation.request() instanceof SpaceOperation.AwaitSupply await) {
        needs.unsupplied(operation, await, nowNanos);
      } else if (state.operations.containsKey(operation.id())) {
        backOff(space, operation, nowNanos);
      }
    }
  }

  /** Lets operations begin that waited for the end of a device's turn. */
  void endTurns(long nowNanos) {
    for (AddressSpace space : state.turns.endTurns(nowNanos)) {
      runQueue(space, nowNanos);
      state.turns.ranQueue(space);
    }
  }

  long nextDeadlineNanos() {
    return Math.min(queue.nextDeadlineNanos(), state.turns.nextEndNanos());
  }

  /** An operation that went on behind C has come to its end. */
  void complete(long operationId, OperationOutcome outcome, long nowNanos) {
    Operation operation = state.operations.get(operationId);
    if (operation == null) {
      return;
    }
    AddressSpace space = spaceOf(operation);
    state.changed(space);
    restore(space, operation);
    release(space, operation);
    end(operation, outcome);
    wake(space, nowNanos);
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

  void enqueue(AddressSpace space, Operation operation) {
    OperationOutcome.Refused refused = queue.offer(space, operation);
    if (refused != null) {
      end(operation, refused);
    }
  }

  /** True if it started, ended at once or was refused; false if it has to wait. */
  boolean tryStart(AddressSpace space, Operation operation, long nowNanos) {
    state.changed(space);
    SpaceOperation.Internal first = space.memory().neededFor(operation.request());
    if (first != null) {
      return needs.bringHome(space, operation, first, nowNanos);
    }
    switch (space.memory().plan(operation.request())) {
      case OperationPlan.Refused refused -> {
        end(
            operation,
            new OperationOutcome.Refused(refused.errno(), refused.message(), refused.address()));
        return true;
      }
      case OperationPlan.Ready ready -> {
        operation.plan(ready);
        if (OperationQueue.heldUp(space, operation)
            || state.turns.holdsUp(space, operation, nowNanos)) {
          return false;
        }
        return invalidates(operation)
            ? schedule(space, operation, nowNanos)
            : applyAtOnce(space, operation, nowNanos);
      }
    }
  }

  /** Nobody has to be told: it takes effect here and now. False if something must be done first. */
  private boolean applyAtOnce(AddressSpace space, Operation operation, long nowNanos) {
    switch (applier.apply(space, operation, nowNanos)) {
      case Application.Ended ended -> {
        end(operation, ended.outcome());
        if (operation.internal()) {
          wake(space, nowNanos);
        }
        if (operation.request() instanceof SpaceOperation.Supply supply
            && ended.outcome() instanceof OperationOutcome.Done) {
          needs.supplied(space, supply, nowNanos);
        }
      }
      case Application.Needs needs -> {
        operation.needs(needs.operation());
        operation.starvesNoMore();
        state.wanted.add(needs.operation());
        return false;
      }
      case Application.NeedsFrames needs -> {
        operation.starves(nowNanos);
        state.reclaimer.starves(space, operation.starvesSinceNanos(), nowNanos);
        return false;
      }
      case Application.Continues goesOn -> {
        space.active().add(operation);
        state.operations.put(operation.id(), operation);
        queue.watch(operation);
      }
    }
    return true;
  }

  private static boolean invalidates(Operation operation) {
    for (Footprint part : operation.footprint()) {
      if (part.invalidated()) {
        return true;
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
    state.turns.begun(space, operation);
    space.active().add(operation);
    state.operations.put(operation.id(), operation);
    if (!operation.waitsForNothing()) {
      queue.watch(operation);
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

  /** One fence has resolved: what waited for it goes on. */
  void resolve(Invalidation invalidation, int fenceIndex, FenceResolution how, long nowNanos) {
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
    switch (applier.apply(space, operation, nowNanos)) {
      case Application.Needs needs ->
          throw new IllegalStateException("needed before its phase A: " + needs.operation());
      case Application.NeedsFrames needs ->
          throw new IllegalStateException(
              "needed before its phase A: " + needs.count() + " frames");
      case Application.Continues goesOn -> {
        queue.unwatch(operation);
        record(operation);
      }
      case Application.Ended ended -> {
        restore(space, operation);
        release(space, operation);
        record(operation);
        end(operation, ended.outcome());
        ended(space, nowNanos);
      }
    }
  }

  private void ended(AddressSpace space, long nowNanos) {
    if (state.space(space.id()) == null) {
      refuseQueued(space);
      fences.resolveReleased(space.id(), nowNanos);
      return;
    }
    wake(space, nowNanos);
  }

  /** Phase C gave up: devices were invalidated for nothing and simply refault. */
  private void backOff(AddressSpace space, Operation operation, long nowNanos) {
    boolean held = operation.invalidations().get(0).state() != Invalidation.State.SCHEDULED;
    operation.invalidations().forEach(invalidation -> notifier.notifyRest(invalidation, nowNanos));
    transition(operation, Invalidation.State.BACKED_OFF, nowNanos);
    if (held) {
      restore(space, operation);
    }
    release(space, operation);
    record(operation);
    end(operation, new OperationOutcome.BackedOff(operation.timing(nowNanos)));
    wake(space, nowNanos);
  }

  /** Somebody else says that an invalidation shall wait no longer (DESIGN 3.6). */
  void giveUp(long invalidationId, long nowNanos) {
    Invalidation invalidation = state.live.get(invalidationId);
    if (invalidation == null || invalidation.state().ended()) {
      return;
    }
    AddressSpace space = spaceOf(invalidation.operation());
    state.changed(space);
    backOff(space, invalidation.operation(), nowNanos);
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

  /** Its pages are free for others. */
  private void release(AddressSpace space, Operation operation) {
    space.active().remove(operation);
    state.operations.remove(operation.id());
  }

  /** Its invalidations are over. */
  private void record(Operation operation) {
    for (Invalidation invalidation : operation.invalidations()) {
      if (invalidation.pendingCount() == 0) {
        state.live.remove(invalidation.id());
      }
      state.remember(invalidation);
      state.waitTimes.record(invalidation);
      state.emit(new ShardEffect.InvalidationEnded(invalidation));
    }
  }

  void wake(AddressSpace space, long nowNanos) {
    // Faults first: who waited for this operation gets the pages before the next one takes them.
    faults.retryParked(space, nowNanos);
    runQueue(space, nowNanos);
  }

  void end(Operation operation, OperationOutcome outcome) {
    queue.unwatch(operation);
    state.turns.ended(operation);
    if (requests.ended(operation, outcome)) {
      return;
    }
    if (!(operation.request() instanceof SpaceOperation.Internal internal)) {
      state.emit(new ShardEffect.OperationEnded(operation.requestId(), outcome));
    } else {
      needs.ended(internal, outcome);
    }
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
