package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.session.SessionInput;
import dev.fenceline.host.engine.shard.ShardInput;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.runtime.DeviceAnswers;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.HostMessage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * One start of the host: its shards, its sessions, its frames and its CPUs, wired as the service
 * wires them. Confined to the event loop.
 */
final class SimHost extends SimProcess {
  private record ToSession(long sessionId, HostMessage message) {}

  private final SimWorld world;
  private final long epoch;
  private final Frames frames;
  private final HostSessions sessions;
  private final List<HostShard> shards = new ArrayList<>();
  private final HostCpu cpu;
  private final OperationDesk operations;
  private final SimOom oom;
  private final Map<Long, Map<Integer, SimSpace>> mirrors = new HashMap<>();
  private final Set<Integer> freedEarly = new HashSet<>();
  private final List<ToSession> outbox = new ArrayList<>();

  /** By session: what shards answer one by one goes out as one. */
  private final Map<Long, DeviceAnswers> deviceAnswers = new HashMap<>();

  SimHost(SimWorld world, long epoch, SplittableRandom random) {
    super(
        world.loop,
        "host#" + epoch,
        world.settings.clockRate(random),
        1 + random.nextInt(1_000_000_000));
    this.world = world;
    this.epoch = epoch;
    this.frames = new Frames(world.settings.frameCount());
    this.sessions = new HostSessions(world, this, random.split());
    for (int i = 0; i < SimSettings.SHARDS; i++) {
      shards.add(new HostShard(world, this, i, random.split()));
    }
    this.cpu = new HostCpu(world, this, random.split());
    this.operations = new OperationDesk(world, this);
    this.oom = new SimOom(world, this);
  }

  long epoch() {
    return epoch;
  }

  Frames frames() {
    return frames;
  }

  HostCpu cpu() {
    return cpu;
  }

  OperationDesk operations() {
    return operations;
  }

  SimOom oom() {
    return oom;
  }

  HostShard shard(int index) {
    return shards.get(index);
  }

  List<HostShard> shards() {
    return shards;
  }

  HostSessions sessions() {
    return sessions;
  }

  HostShard shardOf(long spaceId) {
    return shards.get((int) (spaceId % SimSettings.SHARDS));
  }

  /** A call that takes some time to arrive; the caller hears of it if the host dies before. */
  void afterArrival(long delayNanos, Runnable arrived, SimClient caller) {
    world.loop.after(
        delayNanos,
        "call",
        () -> {
          if (alive()) {
            arrivedOrLost(arrived, caller);
          } else {
            caller.answered();
          }
        });
  }

  private void arrivedOrLost(Runnable arrived, SimClient caller) {
    if (frozen()) {
      afterArrival(frozenUntilNanos() - world.loop.nowNanos(), arrived, caller);
    } else {
      arrived.run();
    }
  }

  void crash() {
    die();
    world.monitor.died(this);
    cpu.units().forEach(CpuUnit::died);
    world.memory.hostLost(epoch);
    world.spaces.clear();
    operations.hostDied();
    shards.forEach(HostShard::died);
  }

  /** A shard has nothing to swap out: the others hear of it, each in its own time. */
  void reclaimElsewhere(HostShard asking) {
    world.count(Sometimes.RECLAIMED_ELSEWHERE);
    for (HostShard shard : shards) {
      if (shard != asking) {
        after(1, "reclaim elsewhere", () -> shard.post(new ShardInput.ReclaimForOthers()));
      }
    }
  }

  /** The coordinator breaks a circle of waits. */
  void backOff(long invalidationId) {
    shards
        .get((int) (invalidationId % SimSettings.SHARDS))
        .post(new ShardInput.BackOff(invalidationId));
  }

  // ---- bounds

  long plainFenceBoundNanos() {
    return SimSettings.LEASES.fenceBoundNanos();
  }

  /** How long a fence scheduled then may take: a host that stands still is late by that. */
  long fenceBoundNanos(long scheduledNanos) {
    return plainFenceBoundNanos() + stoodStillSince(scheduledNanos);
  }

  boolean knowsSession(long sessionId) {
    return sessions.knows(sessionId);
  }

  // ---- messages

  /** A batch came in over a stream. */
  void received(Connection connection, AgentMessage.Batch batch) {
    AgentMessage.Hello hello = AgentMessage.helloOf(batch);
    if (hello != null) {
      sessions.hello(connection, hello);
      return;
    }
    for (AgentMessage message : batch.messages()) {
      route(batch.hostEpoch(), batch.sessionId(), message);
    }
  }

  /** Something on a stream could not be decoded: the agent is told, the stream ends. */
  void undecodable(Connection connection) {
    world.count(Sometimes.CORRUPTED_AT_HOST);
    connection.sendDown(
        new HostMessage.Batch(
            epoch, connection.sessionId(), List.of(new HostMessage.Goodbye("malformed"))));
    connection.endDown();
    closed(connection);
  }

  private void route(long toEpoch, long sessionId, AgentMessage message) {
    switch (message) {
      case AgentMessage.Hello h -> {}
      case AgentMessage.Heartbeat beat ->
          sessions.post(new SessionInput.HeartbeatReceived(toEpoch, sessionId, beat.number()));
      case AgentMessage.Leave leave ->
          sessions.post(new SessionInput.LeaveReceived(toEpoch, sessionId));
      case AgentMessage.AddMirror add -> {
        mirrors
            .computeIfAbsent(sessionId, id -> new HashMap<>())
            .putIfAbsent(add.mirrorId(), new SimSpace(epoch, add.spaceId()));
        toShard(shardOf(add.spaceId()), toEpoch, sessionId, add);
      }
      case AgentMessage.RemoveMirror remove -> {
        HostShard shard = shardOfMirror(sessionId, remove.mirrorId());
        toShard(shard, toEpoch, sessionId, remove);
      }
      case AgentMessage.FaultRequest fault ->
          toShard(shardOfMirror(sessionId, fault.mirrorId()), toEpoch, sessionId, fault);
      case AgentMessage.MigrationReport report ->
          toShard(shardOf(report.migrationId()), toEpoch, sessionId, report);
      case AgentMessage.MigrateRequest request ->
          toShard(shardOfMirror(sessionId, request.mirrorId()), toEpoch, sessionId, request);
      case AgentMessage.EvictRequest evict ->
          answersOf(sessionId)
              .split(evict, SimSettings.SHARDS)
              .forEach((shard, part) -> toShard(shards.get(shard), toEpoch, sessionId, part));
      case AgentMessage.CloseDevice close -> {
        if (!close.returned()) {
          answersOf(sessionId).expectClosed(close, SimSettings.SHARDS);
        }
        shards.forEach(shard -> toShard(shard, toEpoch, sessionId, close));
      }
      case AgentMessage.InvalidationAck ack -> {
        for (int shard = 0; shard < SimSettings.SHARDS; shard++) {
          int index = shard;
          List<Long> ids =
              ack.invalidationIds().stream()
                  .filter(id -> id % SimSettings.SHARDS == index)
                  .toList();
          if (!ids.isEmpty()) {
            var part = new AgentMessage.InvalidationAck(ack.deviceIndex(), ids);
            toShard(shards.get(shard), toEpoch, sessionId, part);
          }
        }
      }
    }
  }

  private static void toShard(HostShard shard, long toEpoch, long sessionId, AgentMessage message) {
    shard.post(new ShardInput.FromAgent(toEpoch, sessionId, message));
  }

  private HostShard shardOfMirror(long sessionId, int mirrorId) {
    SimSpace at = mirrors.getOrDefault(sessionId, Map.of()).get(mirrorId);
    return at == null ? shards.get(0) : shardOf(at.id());
  }

  SimSpace spaceOfMirror(long sessionId, int mirrorId) {
    SimSpace at = mirrors.getOrDefault(sessionId, Map.of()).get(mirrorId);
    return at == null ? new SimSpace(epoch, 0) : at;
  }

  private DeviceAnswers answersOf(long sessionId) {
    return deviceAnswers.computeIfAbsent(sessionId, id -> new DeviceAnswers());
  }

  void send(long sessionId, HostMessage message) {
    HostMessage joined = answersOf(sessionId).joined(message);
    if (joined != null) {
      outbox.add(new ToSession(sessionId, joined));
    }
  }

  /** What was said in a step goes out, one batch for each session. */
  void flush() {
    if (outbox.isEmpty()) {
      return;
    }
    Map<Long, List<HostMessage>> bySession = new LinkedHashMap<>();
    for (ToSession out : outbox) {
      bySession.computeIfAbsent(out.sessionId(), id -> new ArrayList<>()).add(out.message());
    }
    outbox.clear();
    bySession.forEach(
        (sessionId, messages) -> {
          Connection connection = sessions.connectionOf(sessionId);
          if (connection != null) {
            connection.sendDown(new HostMessage.Batch(epoch, sessionId, messages));
          }
        });
  }

  /** The host's end of a stream noticed that it broke or ended. */
  void closed(Connection connection) {
    sessions.post(new SessionInput.ConnectionClosed(connection.id()));
  }

  // ---- memory

  /** A device's request arrived over the transfer link. */
  void dma(Dma dma) {
    DmaRequest request = dma.request();
    if (world.broken(Breakage.OLD_SESSION_DMA_ACCEPTED)) {
      request = forCurrentSession(dma);
    }
    shardOf(request.spaceId()).dma(dma, request);
  }

  private DmaRequest forCurrentSession(Dma dma) {
    DmaRequest r = dma.request();
    long current = sessions.currentOf(dma.agent().agentId(), r.sessionId());
    return new DmaRequest(
        r.requestId(),
        epoch,
        current,
        r.spaceId(),
        r.deviceIndex(),
        r.address(),
        r.length(),
        r.operation(),
        r.generations(),
        r.data(),
        r.operand(),
        r.expected(),
        r.migrationId());
  }

  void executeDma(Dma dma, int[] granted) {
    DataOperation operation = dma.operation();
    if (operation == null) {
      movePages(dma, granted);
      return;
    }
    for (int i = 0; i < operation.pages(); i++) {
      world.monitor.accessed(
          operation.space(), operation.vpn() + i, dma.grantSequences()[i], dma.agent().name());
      world.exclusives.accessed(
          operation.space(),
          operation.vpn() + i,
          new DeviceId(dma.agent().agentId(), dma.request().deviceIndex()));
    }
    operation.execute(frames, granted, false);
    replyDma(
        dma,
        new DmaReply(
            dma.request().requestId(),
            DmaReply.Outcome.DONE,
            operation.replyBytes(),
            operation.previous(),
            ""));
  }

  /** A migration's bytes, of whole pages. */
  private void movePages(Dma dma, int[] granted) {
    byte[] data = new byte[0];
    if (dma.request().operation().writes()) {
      SimMemory.copyIn(frames, granted, dma.request().data());
    } else {
      data = SimMemory.copyOut(frames, granted);
    }
    replyDma(dma, new DmaReply(dma.request().requestId(), DmaReply.Outcome.DONE, data, 0, ""));
  }

  void replyDma(Dma dma, DmaReply reply) {
    world.network.reply(dma, reply);
  }

  /** The frame that a page has now, or -1. */
  int frameOf(SimSpace space, long vpn) {
    var known = shardOf(space.id()).engine().queries().space(space.id());
    if (known == null || space.hostEpoch() != epoch) {
      return -1;
    }
    long entry = known.memory().entry(vpn);
    return Pte.frame(entry);
  }

  void freeFrames(int[] freed) {
    for (int frame : freed) {
      if (!freedEarly.remove(frame)) {
        frames.release(frame);
      }
    }
  }

  /** Only a breakage does this. */
  void freeEarly(int frame) {
    if (freedEarly.add(frame)) {
      frames.release(frame);
    }
  }

  /** What is under way, in words. */
  String pending() {
    return "operations %s, CPU %s, %d session inputs, %s%s"
        .formatted(
            operations.idle() ? "none" : "some",
            cpu.idle() ? "idle" : "faulting",
            sessions.waiting(),
            shards.get(0).pending(),
            shards.get(1).pending());
  }

  boolean idle() {
    return operations.idle() && cpu.idle() && shards.stream().allMatch(HostShard::idle);
  }
}
