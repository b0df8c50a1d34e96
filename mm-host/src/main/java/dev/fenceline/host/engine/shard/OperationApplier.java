package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.OperationPlan;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;

/** Makes operations take effect once nothing holds them up any more. Confined to the shard. */
final class OperationApplier {
  private final ShardState state;
  private final FaultService faults;

  OperationApplier(ShardState state, FaultService faults) {
    this.state = state;
    this.faults = faults;
  }

  OperationOutcome apply(AddressSpace space, Operation operation, long nowNanos) {
    OperationOutcome.Timing timing = operation.timing(nowNanos);
    return switch (operation.resolved()) {
      case SpaceOperation.SetMode setMode -> {
        space.mode(setMode.mode());
        state.changed(space);
        yield new OperationOutcome.Done(0, timing);
      }
      case SpaceOperation.Destroy destroy -> {
        space.memory().clear();
        forget(space);
        yield new OperationOutcome.Done(0, timing);
      }
      case SpaceOperation.Fork fork -> fork(space, fork);
      case SpaceOperation other ->
          switch (space.memory().apply(other)) {
            case OperationPlan.Applied applied ->
                new OperationOutcome.Done(applied.value(), timing);
            case OperationPlan.NotApplied refused ->
                new OperationOutcome.Refused(refused.errno(), refused.message(), null);
          };
    };
  }

  private OperationOutcome fork(AddressSpace parent, SpaceOperation.Fork fork) {
    if (state.spaces.size() >= state.config.maxSpaces()) {
      return new OperationOutcome.Refused(
          Errno.RESOURCE_EXHAUSTED, "the shard has " + state.spaces.size() + " spaces", null);
    }
    var copy = parent.memory().copyOrNull();
    if (copy == null) {
      return new OperationOutcome.Refused(
          Errno.RESOURCE_EXHAUSTED, "no frames left to copy address space " + parent.id(), null);
    }
    AddressSpace child = new AddressSpace(state.nextSpaceId(), fork.name(), parent.mode(), copy);
    state.changed(child);
    state.spaces.put(child.id(), child);
    return new OperationOutcome.Done(child.id(), OperationOutcome.Timing.NONE);
  }

  private void forget(AddressSpace space) {
    state.spaces.remove(space.id());
    for (ShardSession session : state.sessions.values()) {
      if (session.forgetSpace(space.id())) {
        state.emit(
            new ShardEffect.Send(session.sessionId(), new HostMessage.SpaceReleased(space.id())));
      }
    }
    state.emit(new ShardEffect.ForgetSpace(space.id()));
    faults.failParked(space);
  }
}
