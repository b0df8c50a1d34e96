package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.Mirror;
import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.migration.DeviceOwner;
import dev.fenceline.host.engine.migration.DevicePages;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.engine.space.SpaceOperation.MigrateHome;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.LocalPages;
import dev.fenceline.model.Pages;
import dev.fenceline.model.WaitPolicy;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What agents ask for their devices' memory: pages to come, pages to go, the end of a device.
 * Confined to the shard.
 */
final class DeviceRequests {
  /** Pages of one migration home. */
  private static final int BATCH_PAGES = 256;

  private final ShardState state;
  private final OperationDriver operations;
  private final List<Departure> departures = new ArrayList<>();

  /** Pages that are to leave a device, and who waits for it. */
  private static final class Departure {
    static final int ALL = -1;

    final ShardSession session;
    final DeviceOwner owner;
    final Set<MigrateHome> pending = new LinkedHashSet<>();

    final long requestId;

    /** How many at most; {@link #ALL} for the end of the device. */
    final int wanted;

    final int before;

    Departure(ShardSession session, DeviceOwner owner, long requestId, int wanted) {
      this.session = session;
      this.owner = owner;
      this.requestId = requestId;
      this.wanted = wanted;
      this.before = owner.pages().size();
    }
  }

  DeviceRequests(ShardState state, OperationDriver operations) {
    this.state = state;
    this.operations = operations;
  }

  /** Pages of a mirror are to migrate to its device. */
  void migrate(ShardSession session, AgentMessage.MigrateRequest request, long nowNanos) {
    Mirror mirror = session.mirrors().get(request.mirrorId());
    AddressSpace space = session.spaceOf(request.mirrorId());
    if (mirror == null || space == null) {
      String message = "mirror " + request.mirrorId() + " is not open";
      answer(session.sessionId(), request.requestId(), Errno.ENOENT, message);
      return;
    }
    PlacementDesk.Run run =
        state.placement.admitted(
            space, mirror, Pages.number(request.address()), request.pageCount());
    if (run == null) {
      // They stay where they are for now: attributes want it so, or they are wanted by others.
      send(session.sessionId(), new HostMessage.MigrateReply(request.requestId(), 0, null, ""));
      return;
    }
    state.thrash.taken(space, run.vpnStart(), run.vpnEnd(), mirror.view().device());
    operations.submit(
        new ShardInput.Submit(
            Operation.NO_REQUEST,
            new SpaceOperation.MigrateToDevice(
                space.id(),
                Pages.address(run.vpnStart()),
                Pages.address(run.vpnEnd() - run.vpnStart()),
                mirror.view().device(),
                new SpaceOperation.Requester(session.sessionId(), request.requestId())),
            WaitPolicy.BLOCK),
        nowNanos);
  }

  private void answer(long sessionId, long requestId, Errno errno, String message) {
    send(sessionId, new HostMessage.MigrateReply(requestId, 0, errno, message));
  }

  /** The first of the candidates that can leave do. */
  void evict(ShardSession session, AgentMessage.EvictRequest request) {
    DeviceId device =
        new DeviceId(session.agentId(), request.candidates().getFirst().deviceIndex());
    DeviceOwner owner = state.owners.owner(device);
    if (owner == null || owner.sessionId() != session.sessionId()) {
      send(session.sessionId(), new HostMessage.EvictReply(request.requestId(), 0));
      return;
    }
    List<Integer> numbers = new ArrayList<>();
    for (LocalPages run : request.candidates()) {
      for (int i = 0; i < run.pageCount() && numbers.size() < request.pageCount(); i++) {
        int number = state.devicePages.find(owner, run.migrationId(), run.firstLocalPage() + i);
        if (number != DevicePages.ABSENT) {
          numbers.add(number);
        }
      }
    }
    depart(new Departure(session, owner, request.requestId(), numbers.size()), numbers);
  }

  /** The device goes: nothing comes to it any more, and all that is there comes home. */
  void close(ShardSession session, AgentMessage.CloseDevice close) {
    int deviceIndex = close.deviceIndex();
    DeviceOwner owner = state.owners.owner(new DeviceId(session.agentId(), deviceIndex));
    if (owner == null || owner.sessionId() != session.sessionId()) {
      if (!close.returned()) {
        send(session.sessionId(), new HostMessage.DeviceClosed(deviceIndex, 0, close.requestId()));
      }
      return;
    }
    if (close.returned()) {
      owner.reopen();
      return;
    }
    owner.close();
    List<Integer> numbers = List.copyOf(owner.pages().values());
    depart(new Departure(session, owner, close.requestId(), Departure.ALL), numbers);
  }

  private void depart(Departure departure, List<Integer> numbers) {
    List<MigrateHome> runs = new ArrayList<>();
    for (int number : numbers) {
      AddressSpace space = state.space(state.devicePages.spaceId(number));
      if (space == null) {
        continue; // only a pin keeps it (INV-11)
      }
      long vpn = state.devicePages.vpn(number);
      space.thrashing().forget(vpn, vpn + 1); // no contention, for want of room (pitfall 37)
      join(runs, departure.owner, state.devicePages.spaceId(number), state.devicePages.vpn(number));
    }
    departure.pending.addAll(runs);
    state.wanted.addAll(runs);
    departures.add(departure);
    finish(departure);
  }

  private static void join(List<MigrateHome> runs, DeviceOwner owner, long spaceId, long vpn) {
    MigrateHome last = runs.isEmpty() ? null : runs.getLast();
    if (last != null
        && last.spaceId() == spaceId
        && last.vpnEnd() == vpn
        && vpn - last.vpnStart() < BATCH_PAGES) {
      runs.set(runs.size() - 1, new MigrateHome(spaceId, last.vpnStart(), vpn + 1, owner.device()));
    } else {
      runs.add(new MigrateHome(spaceId, vpn, vpn + 1, owner.device()));
    }
  }

  /** An operation has ended: true if nobody but an agent is to be told. */
  boolean ended(Operation operation, OperationOutcome outcome) {
    if (operation.request() instanceof MigrateHome home) {
      for (Departure departure : List.copyOf(departures)) {
        if (departure.pending.remove(home)) {
          finish(departure);
        }
      }
      return false;
    }
    if (!(operation.request() instanceof SpaceOperation.MigrateToDevice migrate)
        || migrate.requester() == null) {
      return false;
    }
    SpaceOperation.Requester requester = migrate.requester();
    if (requester.equals(SpaceOperation.Requester.HOST)) {
      state.placement.ended();
      return true;
    }
    switch (outcome) {
      case OperationOutcome.Done done ->
          send(
              requester.sessionId(),
              new HostMessage.MigrateReply(requester.requestId(), (int) done.value(), null, ""));
      case OperationOutcome.BackedOff off ->
          answer(requester.sessionId(), requester.requestId(), Errno.EAGAIN, "backed off");
      case OperationOutcome.Refused refused ->
          answer(requester.sessionId(), requester.requestId(), refused.errno(), refused.message());
    }
    return true;
  }

  private void finish(Departure departure) {
    if (!departure.pending.isEmpty() || !departures.remove(departure)) {
      return;
    }
    int left = departure.owner.pages().size();
    send(
        departure.session.sessionId(),
        departure.wanted == Departure.ALL
            ? new HostMessage.DeviceClosed(
                departure.owner.device().deviceIndex(), left, departure.requestId)
            : new HostMessage.EvictReply(
                departure.requestId, Math.clamp(departure.before - left, 0, departure.wanted)));
  }

  /** Nobody waits for the answers any more. */
  void ended(ShardSession session) {
    for (Iterator<Departure> each = departures.iterator(); each.hasNext(); ) {
      if (each.next().session == session) {
        each.remove();
      }
    }
  }

  private void send(long sessionId, HostMessage message) {
    state.emit(new ShardEffect.Send(sessionId, message));
  }
}
