package dev.fenceline.host.runtime;

import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One attach stream: routes what the agent says to the sessions and shards, and queues what they
 * answer. Dies with the stream. Thread-safe: messages come in on the transport's thread, answers
 * from any.
 */
public final class AgentConnection {
  private final long connectionId;
  private final HostRuntime host;
  private final Outlet outlet;

  /** Which space, and so which shard, a mirror of this connection belongs to. */
  private final Map<Integer, Long> spaceOfMirror = new ConcurrentHashMap<>();

  private final DeviceAnswers deviceAnswers = new DeviceAnswers();

  /** Guards the queue and the outlet, so that messages leave in their order. */
  private final Object lock = new Object();

  private final OutboundQueue queue;
  private byte[] header;
  private boolean ended;

  private volatile long sessionId;
  private volatile String agentId = "";
  private boolean saidHello;

  /** Whether a Hello has come, or the time for it is over: whichever is first decides. */
  private final AtomicBoolean helloDecided = new AtomicBoolean();

  /** Ends the stream if no Hello comes. */
  private volatile @Nullable Future<?> helloTimeout;

  AgentConnection(long connectionId, HostRuntime host, Outlet outlet, OutboundQueue queue) {
    this.connectionId = connectionId;
    this.host = host;
    this.outlet = outlet;
    this.queue = queue;
    this.header = host.encoder().header(host.settings().hostEpoch(), 0);
  }

  /** From now on, the stream has a bounded time to say Hello. */
  void awaitHello() {
    helloTimeout = host.timers().after(host.settings().helloTimeoutNanos(), this::helloOverdue);
  }

  long connectionId() {
    return connectionId;
  }

  /** The session that it serves; 0 before Welcome. */
  long sessionId() {
    return sessionId;
  }

  /** As its Hello says; empty before. */
  String agentId() {
    return agentId;
  }

  /** Messages that wait for the stream to become ready. */
  public int queueLength() {
    synchronized (lock) {
      return queue.length();
    }
  }

  /** Takes one decoded message; by the transport's thread, in the stream's order. */
  public void received(AgentMessage.Batch batch) {
    AgentMessage.Hello hello = AgentMessage.helloOf(batch);
    if (hello != null && !saidHello) {
      if (!helloDecided.compareAndSet(false, true)) {
        return; // too late: the stream is ended already
      }
      saidHello = true;
      forgetHelloTimeout();
      agentId = hello.agentId();
      host.sessions().hello(connectionId, hello);
      return;
    }
    if (!saidHello) {
      malformed("the first message of the stream must be a batch with Hello alone");
      return;
    }
    if (batch.hostEpoch() != host.settings().hostEpoch() || batch.sessionId() != sessionId) {
      LateCause cause =
          batch.hostEpoch() != host.settings().hostEpoch() ? LateCause.EPOCH : LateCause.SESSION;
      batch.messages().forEach(message -> host.lateMessage(cause));
      return;
    }
    for (AgentMessage message : batch.messages()) {
      route(batch, message);
    }
  }

  /** The agent broke the contract: the stream ends, and its session goes by lease or new Hello. */
  public void malformed(String reason) {
    host.observer().malformedMessage();
    host.peerLog().malformed(agentId, sessionId, reason);
    fail(Errno.EINVAL, reason);
  }

  /** One that says nothing would otherwise be kept for as long as its connection lives. */
  private void helloOverdue() {
    if (helloDecided.compareAndSet(false, true)) {
      long millis = host.settings().helloTimeoutNanos() / 1_000_000;
      fail(Errno.ETIME, "no Hello within " + millis + " ms of the begin of the stream");
    }
  }

  private void forgetHelloTimeout() {
    Future<?> timeout = helloTimeout;
    if (timeout != null) {
      timeout.cancel(false);
    }
  }

  private void fail(Errno errno, String reason) {
    forgetHelloTimeout();
    send(new HostMessage.Goodbye(reason));
    synchronized (lock) {
      if (!ended) {
        writeAll();
        ended = true;
        outlet.fail(errno, reason);
      }
    }
    host.sessions().connectionClosed(connectionId);
  }

  /** The agent says that nothing more will come. */
  public void halfClosed() {
    end();
    closed();
  }

  /** The stream broke. */
  public void closed() {
    forgetHelloTimeout();
    synchronized (lock) {
      ended = true;
      queue.clear();
    }
    host.sessions().connectionClosed(connectionId);
  }

  /** Sends what collected while the stream was not ready, in as few messages as may be. */
  public void flush() {
    synchronized (lock) {
      while (!ended && !queue.isEmpty() && outlet.isReady()) {
        outlet.write(queue.takeMessage(header));
      }
    }
  }

  void bind(long newSessionId) {
    synchronized (lock) {
      header = host.encoder().header(host.settings().hostEpoch(), newSessionId);
    }
    sessionId = newSessionId;
  }

  /** Queues a message and sends it if the stream is ready. */
  void send(HostMessage message) {
    queueUp(message, host.encoder().event(message));
    flush();
  }

  /** Queues a shard's message; {@link #flush} follows once the step that sent it is over. */
  void enqueue(HostMessage message, byte[] encoded) {
    if (message instanceof HostMessage.EvictReply || message instanceof HostMessage.DeviceClosed) {
      HostMessage joined = deviceAnswers.joined(message);
      if (joined != null) {
        queueUp(joined, host.encoder().event(joined));
      }
      return;
    }
    forgetMirrors(message);
    queueUp(message, encoded);
  }

  private void queueUp(HostMessage message, byte[] encoded) {
    boolean overflowed;
    synchronized (lock) {
      if (ended) {
        return;
      }
      OutboundQueue.Offer offer = queue.add(message, encoded);
      overflowed = offer == OutboundQueue.Offer.OVERFLOWED;
      if (offer == OutboundQueue.Offer.COLLAPSED) {
        host.observer().outboundCollapsed(queue.mergedByLastCollapse());
      }
      if (overflowed) {
        ended = true;
        queue.clear();
        outlet.fail(Errno.EINVAL, "the agent reads too slowly: its outbound queue is full");
      }
    }
    if (overflowed) {
      host.observer().outboundOverflowed();
      host.sessions().connectionClosed(connectionId);
    }
  }

  /** Ends the stream behind what is queued. */
  void end() {
    synchronized (lock) {
      if (!ended) {
        writeAll();
        ended = true;
        outlet.end();
      }
    }
  }

  private void writeAll() {
    while (!queue.isEmpty()) {
      outlet.write(queue.takeMessage(header));
    }
  }

  private void route(AgentMessage.Batch batch, AgentMessage message) {
    switch (message) {
      case AgentMessage.Hello hello -> malformed("a second Hello on one stream");
      case AgentMessage.Heartbeat heartbeat ->
          host.sessions().heartbeat(batch.hostEpoch(), batch.sessionId(), heartbeat.number());
      case AgentMessage.Leave leave -> host.sessions().leave(batch.hostEpoch(), batch.sessionId());
      case AgentMessage.AddMirror add -> addMirror(batch, add);
      case AgentMessage.RemoveMirror remove -> {
        Long space = spaceOfMirror.remove(remove.mirrorId());
        if (space == null) {
          send(new HostMessage.MirrorRemoved(remove.mirrorId()));
        } else {
          host.shardOf(space).fromAgent(batch, remove);
        }
      }
      case AgentMessage.FaultRequest fault -> fault(batch, fault);
      case AgentMessage.InvalidationAck ack -> acknowledge(batch, ack);
      case AgentMessage.MigrationReport report ->
          host.shardOf(report.migrationId()).fromAgent(batch, report);
      case AgentMessage.MigrateRequest migrate -> migrate(batch, migrate);
      case AgentMessage.EvictRequest evict ->
          deviceAnswers
              .split(evict, host.shardCount())
              .forEach((shard, part) -> host.shard(shard).fromAgent(batch, part));
      case AgentMessage.CloseDevice close -> {
        if (!close.returned()) {
          deviceAnswers.expectClosed(close, host.shardCount());
        }
        for (int shard = 0; shard < host.shardCount(); shard++) {
          host.shard(shard).fromAgent(batch, close);
        }
      }
    }
  }

  private void addMirror(AgentMessage.Batch batch, AgentMessage.AddMirror add) {
    if (spaceOfMirror.putIfAbsent(add.mirrorId(), add.spaceId()) != null) {
      String message = "mirror id " + add.mirrorId() + " is open already";
      send(new HostMessage.MirrorRefused(add.mirrorId(), Errno.EEXIST, message));
    } else if (!host.shardOf(add.spaceId()).offerFromAgent(batch, add)) {
      spaceOfMirror.remove(add.mirrorId());
      String message = "the shard of address space " + add.spaceId() + " has too much to do";
      send(new HostMessage.MirrorRefused(add.mirrorId(), Errno.RESOURCE_EXHAUSTED, message));
    }
  }

  private void fault(AgentMessage.Batch batch, AgentMessage.FaultRequest fault) {
    Long space = spaceOfMirror.get(fault.mirrorId());
    if (space == null) {
      refuse(fault, Errno.ENOENT, "mirror " + fault.mirrorId() + " is not open");
    } else if (!host.shardOf(space).offerFromAgent(batch, fault)) {
      refuse(fault, Errno.RESOURCE_EXHAUSTED, "the shard has too much to do");
    }
  }

  private void migrate(AgentMessage.Batch batch, AgentMessage.MigrateRequest migrate) {
    Long space = spaceOfMirror.get(migrate.mirrorId());
    if (space == null || !host.shardOf(space).offerFromAgent(batch, migrate)) {
      Errno errno = space == null ? Errno.ENOENT : Errno.RESOURCE_EXHAUSTED;
      String message =
          space == null
              ? "mirror " + migrate.mirrorId() + " is not open"
              : "the shard has too much to do";
      send(new HostMessage.MigrateReply(migrate.requestId(), 0, errno, message));
    }
  }

  private void refuse(AgentMessage.FaultRequest fault, Errno errno, String message) {
    send(new HostMessage.FaultReply(fault.faultId(), 0, List.of(), errno, message));
  }

  /** Ids are congruent to the index of the shard that gave them out. */
  private void acknowledge(AgentMessage.Batch batch, AgentMessage.InvalidationAck ack) {
    if (host.shardCount() == 1 || ack.invalidationIds().size() == 1) {
      host.shardOf(ack.invalidationIds().get(0)).fromAgent(batch, ack);
      return;
    }
    Map<Integer, List<Long>> byShard = new TreeMap<>();
    for (Long id : ack.invalidationIds()) {
      byShard.computeIfAbsent(host.shardOf(id).index(), index -> new ArrayList<>()).add(id);
    }
    byShard.forEach(
        (shard, ids) ->
            host.shard(shard)
                .fromAgent(batch, new AgentMessage.InvalidationAck(ack.deviceIndex(), ids)));
  }

  /** What the agent is told to be gone must not be routed by any more. */
  private void forgetMirrors(HostMessage message) {
    switch (message) {
      case HostMessage.MirrorRefused refused -> spaceOfMirror.remove(refused.mirrorId());
      case HostMessage.SpaceReleased released ->
          spaceOfMirror.values().removeIf(space -> space == released.spaceId());
      case HostMessage.Welcome welcome -> {}
      case HostMessage.Refusal refusal -> {}
      case HostMessage.HeartbeatAck ack -> {}
      case HostMessage.MirrorAdded added -> {}
      case HostMessage.MirrorRemoved removed -> {}
      case HostMessage.FaultReply reply -> {}
      case HostMessage.Invalidate invalidate -> {}
      case HostMessage.Goodbye goodbye -> {}
      case HostMessage.MigrateIn in -> {}
      case HostMessage.MigrateOut out -> {}
      case HostMessage.MigrationCommit commit -> {}
      case HostMessage.PagesReleased released -> {}
      case HostMessage.MigrateReply reply -> {}
      case HostMessage.EvictReply reply -> {}
      case HostMessage.DeviceClosed closed -> {}
    }
  }
}
