package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.invalidation.Mirror;
import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.FrameSource;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.SpaceMemory;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.Errno;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.Pages;
import dev.fenceline.model.WaitPolicy;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The engine of one shard of a host: its address spaces, their mirrors, operations, faults and DMA
 * checks. Pure: it knows no clock, thread or transport. Confined to the shard's mailbox.
 */
public final class ShardEngine {
  private final ShardState state;
  private final FaultService faults;
  private final OperationDriver operations;
  private final DmaGate dma;
  private final MigrationService migrations;
  private final DeviceRequests requests;

  /** When a fence may be overdue next; never later than it really is. */
  private long overdueCheckNanos = Long.MAX_VALUE;

  public ShardEngine(ShardConfig config, FrameSource frames) {
    state = new ShardState(config, frames);
    faults = new FaultService(state);
    operations = new OperationDriver(state, faults);
    migrations = operations.migrations();
    requests = operations.requests();
    dma = new DmaGate(state, migrations);
  }

  /**
   * Takes one input at a time that never goes back.
   *
   * @return the effects in their order; the list is reused and valid until the next step
   */
  public List<ShardEffect> step(long nowNanos, ShardInput input) {
    state.effects.clear();
    state.nowNanos = nowNanos;
    switch (input) {
      case ShardInput.Proceed proceed -> operations.proceed(proceed.operationId(), nowNanos);
      case ShardInput.FromAgent message -> fromAgent(message, nowNanos);
      case ShardInput.Dma request -> dma.check(request.request());
      case ShardInput.Submit submit -> submit(submit, nowNanos);
      case ShardInput.CpuFault fault -> faults.cpuFault(fault, nowNanos);
      case ShardInput.CpuDrained drained ->
          operations.fences().cpuDrained(drained.invalidationId(), nowNanos);
      case ShardInput.SessionOpened opened ->
          state.sessions.put(
              opened.sessionId(),
              new ShardSession(opened.sessionId(), opened.agentId(), opened.devices()));
      case ShardInput.SessionGreeted greeted -> {
        if (state.sessions.containsKey(greeted.sessionId())) {
          migrations.opened(greeted.sessionId(), greeted.hello(), nowNanos);
        }
      }
      case ShardInput.SessionEnded ended -> endSession(ended, nowNanos);
      case ShardInput.BackOff backOff -> operations.giveUp(backOff.invalidationId(), nowNanos);
      case ShardInput.Oom oom -> operations.needs().oom().input(oom, nowNanos);
      case ShardInput.ReclaimForOthers asked -> state.reclaimer.reclaim(false);
      case ShardInput.Tick tick -> {}
    }
    operations.expire(nowNanos);
    operations.endTurns(nowNanos);
    state.thrash.wake(nowNanos).forEach(space -> faults.retryParked(space, nowNanos));
    migrations.expire(nowNanos);
    relieve(nowNanos);
    operations.needs().oom().step(nowNanos);
    state.background.step(nowNanos);
    operations.needs().startWanted(nowNanos);
    place(nowNanos);
    state.releaseReserve();
    migrations.sendReleases();
    checkOverdue(nowNanos);
    reportOldPins(nowNanos);
    return state.effects;
  }

  /** When a step is needed even if nothing happens; Long.MAX_VALUE if never. */
  public long nextDeadlineNanos() {
    return Math.min(
        Math.min(
            Math.min(operations.nextDeadlineNanos(), overdueCheckNanos),
            state.thrash.nextWakeNanos()),
        Math.min(
            Math.min(state.reclaimer.nextDeadlineNanos(), state.background.nextDeadlineNanos()),
            Math.min(
                Math.min(nextOldPinNanos(), migrations.nextDeadlineNanos()),
                operations.needs().oom().reaper().nextDeadlineNanos())));
  }

  /** Who waits for a frame gets one, or has others swapped out; who waits in vain is told so. */
  private void relieve(long nowNanos) {
    if (!state.reclaimer.anybodyStarves()) {
      return;
    }
    if (state.anyLeft()) {
      operations.needs().retryStarving(nowNanos);
    }
    operations.needs().refuseHopeless(nowNanos);
    if (state.reclaimer.anybodyStarves()) {
      state.reclaimer.relieve(nowNanos);
    }
  }

  /** Pages set out for where their attributes want them. */
  private void place(long nowNanos) {
    for (SpaceOperation.MigrateToDevice migrate : state.placement.takeWanted()) {
      WaitPolicy patience = new WaitPolicy.Deadline(PlacementDesk.PATIENCE_NANOS);
      operations.submit(new ShardInput.Submit(Operation.NO_REQUEST, migrate, patience), nowNanos);
    }
  }

  private long nextOldPinNanos() {
    long limit = state.config.reclaim().pinAgeLimitNanos();
    long oldest = limit == 0 ? Long.MAX_VALUE : state.pins.oldestUnreportedNanos();
    return oldest == Long.MAX_VALUE ? oldest : oldest + limit;
  }

  private void reportOldPins(long nowNanos) {
    if (nowNanos >= nextOldPinNanos()) {
      state
          .pins
          .takeMadeUpTo(nowNanos - state.config.reclaim().pinAgeLimitNanos())
          .forEach(pin -> state.emit(new ShardEffect.PinOverAge(pin)));
    }
  }

  /** A view of the state for queries; valid within the shard, between steps. */
  public ShardQueries queries() {
    return new ShardQueries(state, migrations);
  }

  private void submit(ShardInput.Submit submit, long nowNanos) {
    if (submit.operation() instanceof SpaceOperation.Create create) {
      create(submit.requestId(), create);
    } else if (submit.operation() instanceof SpaceOperation.Unpin unpin) {
      unpin(submit.requestId(), unpin.pinId());
    } else {
      operations.submit(submit, nowNanos);
    }
  }

  private void unpin(long requestId, long pinId) {
    Pin pin = state.pins.remove(pinId);
    if (pin == null) {
      refuse(requestId, Errno.ENOENT, "pin " + pinId + " does not exist on this host");
      return;
    }
    int[] freed = state.pins.released(pin);
    for (int frame : pin.frames()) {
      if (frame <= Pte.MAX_FRAME && !state.pins.pinned(frame)) {
        state.frameTable.lists().release(frame);
      }
    }
    state.unpinned(freed);
    state.emit(
        new ShardEffect.OperationEnded(
            requestId,
            new OperationOutcome.Done(pin.frames().length, OperationOutcome.Timing.NONE)));
  }

  private void create(long requestId, SpaceOperation.Create create) {
    if (state.spaces.size() >= state.config.maxSpaces()) {
      refuse(
          requestId,
          Errno.RESOURCE_EXHAUSTED,
          "the shard has " + state.spaces.size() + " address spaces, its limit");
      return;
    }
    if (!SpaceOperation.SetOomScoreAdjust.allows(create.oomScoreAdjust())) {
      refuse(
          requestId,
          Errno.EINVAL,
          "adjustment " + create.oomScoreAdjust() + " is not in [-1000, 1000]");
      return;
    }
    long id = state.nextSpaceId();
    AddressSpace space =
        new AddressSpace(
            id, create.name(), create.mode(), new SpaceMemory(id, state), state.config);
    space.oomScoreAdjust(create.oomScoreAdjust());
    state.changed(space);
    state.spaces.put(space.id(), space);
    state.emit(
        new ShardEffect.OperationEnded(
            requestId, new OperationOutcome.Done(space.id(), OperationOutcome.Timing.NONE)));
  }

  private void refuse(long requestId, Errno errno, String message) {
    state.emit(
        new ShardEffect.OperationEnded(
            requestId, new OperationOutcome.Refused(errno, message, null)));
  }

  private void fromAgent(ShardInput.FromAgent input, long nowNanos) {
    ShardSession session = state.sessions.get(input.sessionId());
    if (session == null || input.hostEpoch() != state.config.hostEpoch()) {
      state.emit(new ShardEffect.LateMessage(input.sessionId()));
      return;
    }
    switch (input.message()) {
      case AgentMessage.InvalidationAck ack -> {
        for (Long id : ack.invalidationIds()) {
          operations.fences().acknowledge(session, ack.deviceIndex(), id, nowNanos);
        }
      }
      case AgentMessage.FaultRequest fault -> faults.fault(session, fault, nowNanos);
      case AgentMessage.AddMirror add -> addMirror(session, add);
      case AgentMessage.RemoveMirror remove -> removeMirror(session, remove.mirrorId(), nowNanos);
      case AgentMessage.Hello hello -> throw misrouted(hello);
      case AgentMessage.Heartbeat heartbeat -> throw misrouted(heartbeat);
      case AgentMessage.Leave leave -> throw misrouted(leave);
      case AgentMessage.MigrationReport report -> migrations.report(session, report, nowNanos);
      case AgentMessage.MigrateRequest request -> requests.migrate(session, request, nowNanos);
      case AgentMessage.EvictRequest request -> requests.evict(session, request);
      case AgentMessage.CloseDevice close -> requests.close(session, close);
    }
  }

  private static IllegalArgumentException misrouted(AgentMessage message) {
    return new IllegalArgumentException("for the session engine, not for a shard: " + message);
  }

  private void addMirror(ShardSession session, AgentMessage.AddMirror add) {
    AddressSpace space = state.space(add.spaceId());
    if (space == null) {
      refuseMirror(
          session, add, Errno.ENOENT, "address space " + add.spaceId() + " does not exist");
      return;
    }
    String malformed = malformed(session, add);
    if (malformed != null) {
      refuseMirror(session, add, Errno.EINVAL, malformed);
    } else if (session.mirrors().containsKey(add.mirrorId())) {
      refuseMirror(session, add, Errno.EEXIST, "mirror id " + add.mirrorId() + " is open already");
    } else if (session.mirrors().size() >= state.config.maxMirrorsPerSession()) {
      refuseMirror(
          session,
          add,
          Errno.RESOURCE_EXHAUSTED,
          "the session has " + session.mirrors().size() + " mirrors, its limit");
    } else {
      DeviceView view = session.viewOrNew(space.id(), add.deviceIndex());
      session.addMirror(
          new Mirror(add.mirrorId(), view, add.start(), add.end(), space.sequence()), space);
      state.changed(space);
      send(session, new HostMessage.MirrorAdded(add.mirrorId(), space.sequence()));
    }
  }

  private static @Nullable String malformed(ShardSession session, AgentMessage.AddMirror add) {
    if (add.deviceIndex() < 0 || add.deviceIndex() >= session.devices().size()) {
      return "device index %d: agent %s has %d devices"
          .formatted(add.deviceIndex(), session.agentId(), session.devices().size());
    }
    boolean good =
        Pages.aligned(add.start())
            && Pages.aligned(add.end())
            && add.start() >= 0
            && add.start() < add.end()
            && add.end() <= Pages.ADDRESS_LIMIT;
    return good
        ? null
        : "[0x%x, 0x%x) is not a page-aligned, non-empty interval below 0x%x"
            .formatted(add.start(), add.end(), Pages.ADDRESS_LIMIT);
  }

  private void refuseMirror(
      ShardSession session, AgentMessage.AddMirror add, Errno errno, String message) {
    send(session, new HostMessage.MirrorRefused(add.mirrorId(), errno, message));
  }

  /**
   * The device dropped the mirror's entries and drained before it said so: what it held there is
   * released at once, unless another mirror of the device covers it.
   */
  private void removeMirror(ShardSession session, int mirrorId, long nowNanos) {
    AddressSpace space = session.spaceOf(mirrorId);
    Mirror mirror = session.removeMirror(mirrorId);
    if (mirror != null && space != null) {
      state.changed(space);
      faults.refuseParked(space, session, mirror);
      if (mirror.view().mirrorCount() == 0) {
        mirror.view().holders().release(Pages.number(mirror.start()), Pages.number(mirror.end()));
      }
      operations.fences().resolveUntold(session, mirror.view(), nowNanos);
    }
    send(session, new HostMessage.MirrorRemoved(mirrorId));
  }

  private void endSession(ShardInput.SessionEnded ended, long nowNanos) {
    ShardSession session = state.sessions.remove(ended.sessionId());
    if (session == null) {
      return;
    }
    for (AddressSpace space : state.spaces.values()) {
      if (session.knows(space.id())) {
        state.changed(space);
        faults.dropParked(space, session);
      }
    }
    if (ended.cause() == FenceResolution.LEASE_EXPIRED && session.ledger().pendingCount() > 0) {
      state.emit(new ShardEffect.DiedOwing(session.sessionId(), session.agentId()));
    }
    List<DeviceView> views = session.views();
    // Before anything goes on: what begins in this step must not be told to who has gone (INV-12).
    List.copyOf(session.mirrors().keySet()).forEach(session::removeMirror);
    migrations.ended(session, ended.cause(), nowNanos);
    requests.ended(session);
    for (DeviceView view : views) {
      operations.fences().resolveAll(view, ended.cause(), nowNanos);
    }
  }

  private void checkOverdue(long nowNanos) {
    long overdue = state.config.overdueNanos();
    if (!state.live.isEmpty() && overdueCheckNanos == Long.MAX_VALUE) {
      overdueCheckNanos = nowNanos + overdue;
    }
    if (nowNanos < overdueCheckNanos && !anyOverdue) {
      return;
    }
    long next = Long.MAX_VALUE;
    anyOverdue = false;
    for (ShardSession session : state.sessions.values()) {
      if (session.ledger().updateOverdue(nowNanos, overdue)) {
        state.emit(new ShardEffect.FencesOverdue(session.sessionId(), session.ledger().overdue()));
      }
      long oldest = session.ledger().oldestToldNanos();
      anyOverdue |= session.ledger().overdue();
      if (oldest != Long.MAX_VALUE && !session.ledger().overdue()) {
        next = Math.min(next, oldest + overdue);
      }
    }
    overdueCheckNanos = next;
  }

  /** While true, each step looks whether it still is. */
  private boolean anyOverdue;

  private void send(ShardSession session, HostMessage message) {
    state.emit(new ShardEffect.Send(session.sessionId(), message));
  }
}
