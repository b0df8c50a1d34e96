package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.session.AgentStanding;
import dev.fenceline.host.engine.session.HostPolicy;
import dev.fenceline.host.engine.session.LeasePolicy;
import dev.fenceline.host.engine.session.Session;
import dev.fenceline.host.engine.session.SessionEffect;
import dev.fenceline.host.engine.session.SessionEngine;
import dev.fenceline.host.engine.session.SessionInput;
import dev.fenceline.host.engine.session.StandingView;
import dev.fenceline.host.engine.shard.ShardEffect;
import dev.fenceline.host.engine.shard.ShardInput;
import dev.fenceline.host.engine.shard.ShardSession;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.HostMessage;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The host's sessions: the real engine behind a mailbox of its own, and which stream belongs to
 * which session. Confined to the event loop.
 */
final class HostSessions {
  private final SimWorld world;
  private final SimHost host;
  private final SplittableRandom random;
  private final SessionEngine engine;
  private final ArrayDeque<SessionInput> inbox = new ArrayDeque<>();
  private final Map<Long, Connection> connections = new LinkedHashMap<>();
  private final Map<Long, Connection> connectionOf = new HashMap<>();
  private final Map<Long, SimAgent> agentOf = new HashMap<>();
  private final Set<Long> expired = new HashSet<>();
  private boolean stepping;
  private boolean turnPlanned;
  private long timerAtNanos = Long.MAX_VALUE;

  HostSessions(SimWorld world, SimHost host, SplittableRandom random) {
    this.world = world;
    this.host = host;
    this.random = random;
    HostPolicy drawn = SimSettings.quarantines(random);
    this.engine =
        new SessionEngine(
            "host", host.epoch(), policy(), 64, world.faulty ? drawn : SimSettings.FORGIVING);
  }

  private LeasePolicy policy() {
    LeasePolicy right = SimSettings.LEASES;
    return world.broken(Breakage.LEASE_WITHOUT_MARGIN)
        ? new LeasePolicy(right.ttlNanos() / 2, 0, 0, 0, right.overdueNanos())
        : right;
  }

  boolean knows(long sessionId) {
    return sessionId == 0
        || engine.sessions().stream().anyMatch(session -> session.sessionId() == sessionId);
  }

  boolean knowsAgent(String agentId) {
    return engine.sessions().stream()
        .anyMatch(session -> session.hello().agentId().equals(agentId));
  }

  boolean leaseExpired(long sessionId) {
    return expired.contains(sessionId);
  }

  boolean restarted(DeviceView participant) {
    SimAgent agent = agentOf.get(participant.sessionId());
    return agent != null && !agent.alive();
  }

  @Nullable Connection connectionOf(long sessionId) {
    return connectionOf.get(sessionId);
  }

  /** The session that the agent has now; the other one if it has none. */
  long currentOf(String agentId, long otherwise) {
    long current = otherwise;
    for (var session : engine.sessions()) {
      if (session.hello().agentId().equals(agentId)) {
        current = session.sessionId();
      }
    }
    return current;
  }

  /** Inputs that wait for their turn. */
  int waiting() {
    return inbox.size();
  }

  void hello(Connection connection, AgentMessage.Hello hello) {
    connection.arrived(world.nextId());
    connections.put(connection.id(), connection);
    post(new SessionInput.HelloReceived(connection.id(), asNumbered(connection, hello)));
  }

  private AgentMessage.Hello asNumbered(Connection connection, AgentMessage.Hello hello) {
    return world.broken(Breakage.HELLO_ORDERED_BY_ARRIVAL)
        ? new AgentMessage.Hello(
            hello.protocolVersion(),
            hello.agentId(),
            hello.bootToken(),
            connection.id(),
            hello.devices())
        : hello;
  }

  void overdue(int shardIndex, ShardEffect.FencesOverdue overdue) {
    if (!world.broken(Breakage.OVERDUE_RENEWED)) {
      post(new SessionInput.OverdueChanged(shardIndex, overdue.sessionId(), overdue.overdue()));
    }
  }

  void post(SessionInput input) {
    if (stepping || !inbox.isEmpty() || random.nextInt(8) == 0) {
      inbox.addLast(input);
      planSessionTurn();
    } else {
      step(input);
    }
  }

  private void planSessionTurn() {
    if (!turnPlanned) {
      turnPlanned = true;
      host.after(
          1 + random.nextInt(random.nextInt(20) == 0 ? 100_000 : 4_000),
          "session turn",
          this::sessionTurn);
    }
  }

  private void sessionTurn() {
    turnPlanned = false;
    SessionInput next = inbox.pollFirst();
    if (next != null) {
      step(next);
    }
    if (!inbox.isEmpty()) {
      planSessionTurn();
    }
  }

  private void step(SessionInput input) {
    world.trace(host.name() + " sessions", input);
    noteOverdue(input);
    stepping = true;
    for (SessionEffect effect : engine.step(host.clockNanos(), input)) {
      world.trace(host.name() + " sessions   ->", effect);
      carryOut(effect, input);
    }
    stepping = false;
    planTimer();
    if (!inbox.isEmpty()) {
      planSessionTurn();
    }
  }

  private void noteOverdue(SessionInput input) {
    if (input instanceof SessionInput.HeartbeatReceived beat) {
      boolean held =
          engine.sessions().stream()
              .anyMatch(session -> session.sessionId() == beat.sessionId() && session.overdue());
      if (held) {
        world.count(Sometimes.OVERDUE_NOT_RENEWED);
      }
    }
  }

  private void carryOut(SessionEffect effect, SessionInput cause) {
    switch (effect) {
      case SessionEffect.OpenOnShards open -> {
        if (cause instanceof SessionInput.HelloReceived hello) {
          Connection connection = connections.get(hello.connectionId());
          if (connection != null) {
            agentOf.put(open.sessionId(), connection.agent());
          }
        }
        host.shards()
            .forEach(
                shard ->
                    shard.post(
                        new ShardInput.SessionOpened(
                            open.sessionId(), open.agentId(), open.devices())));
      }
      case SessionEffect.GreetedOnShards greeted ->
          host.shards()
              .forEach(
                  shard ->
                      shard.post(
                          new ShardInput.SessionGreeted(greeted.sessionId(), greeted.hello())));
      case SessionEffect.EndOnShards end -> endOnShards(end);
      case SessionEffect.Bind bind -> {
        Connection connection = connections.get(bind.connectionId());
        if (connection != null) {
          connection.bind(bind.sessionId());
          connectionOf.put(bind.sessionId(), connection);
        }
      }
      case SessionEffect.SendOn send -> {
        Connection connection = connections.get(send.connectionId());
        if (send.message() instanceof HostMessage.Refusal refusal
            && refusal.reason() == HostMessage.RefusalReason.AGENT_ID_TAKEN) {
          world.count(Sometimes.AGENT_ID_TAKEN);
        }
        if (connection != null) {
          connection.sendDown(
              new HostMessage.Batch(
                  host.epoch(), connection.sessionId(), List.of(said(send.message()))));
        }
      }
      case SessionEffect.Close close -> {
        Connection connection = connections.remove(close.connectionId());
        if (connection != null) {
          connection.endDown();
        }
      }
      case SessionEffect.LateMessage late ->
          world.count(
              cause instanceof SessionInput.HelloReceived
                  ? Sometimes.LATE_HELLO_REFUSED
                  : Sometimes.LATE_MESSAGE_AT_HOST);
      case SessionEffect.Transitioned transitioned -> {}
      case SessionEffect.StandingChanged changed -> standingChanged(changed.standing());
      case SessionEffect.PolicySet set -> {}
      case SessionEffect.HelloRefused refused -> {
        if (refused.refusal() == HostMessage.RefusalReason.QUARANTINED) {
          world.count(Sometimes.QUARANTINED_REFUSED);
        }
      }
    }
  }

  private void standingChanged(StandingView standing) {
    if (standing.state() != AgentStanding.State.QUARANTINED) {
      world.count(Sometimes.RETURNED);
      return;
    }
    world.count(
        standing.byOperator()
            ? Sometimes.QUARANTINED_BY_OPERATOR
            : Sometimes.QUARANTINED_BY_POLICY);
    for (Session session : List.copyOf(engine.sessions())) {
      if (session.hello().agentId().equals(standing.agentId()) && owes(session.sessionId())) {
        world.count(Sometimes.QUARANTINED_OWING);
        if (world.broken(Breakage.QUARANTINE_RESOLVES_FENCES)) {
          endOnShards(
              new SessionEffect.EndOnShards(session.sessionId(), FenceResolution.LEASE_EXPIRED));
        }
      }
    }
  }

  private boolean owes(long sessionId) {
    for (HostShard shard : host.shards()) {
      ShardSession session = shard.engine().queries().session(sessionId);
      if (session != null && session.ledger().pendingCount() > 0) {
        return true;
      }
    }
    return false;
  }

  /** An operator lets everybody attach again, and forgives whoever is slow without a fault. */
  void forgiveAll() {
    post(new SessionInput.SetPolicy(SimSettings.FORGIVING));
    for (StandingView standing : engine.standings(host.clockNanos())) {
      post(new SessionInput.ReturnAgent(standing.agentId()));
    }
  }

  /** With half of the lease counted here, the agent is told of the whole one. */
  private HostMessage said(HostMessage message) {
    return world.broken(Breakage.LEASE_WITHOUT_MARGIN)
            && message instanceof HostMessage.Welcome welcome
        ? new HostMessage.Welcome(
            welcome.hostId(),
            welcome.hostEpoch(),
            welcome.sessionId(),
            2 * welcome.leaseTtlNanos(),
            welcome.heartbeatIntervalNanos(),
            welcome.faultCredit())
        : message;
  }

  private void endOnShards(SessionEffect.EndOnShards end) {
    if (end.cause() == FenceResolution.LEASE_EXPIRED) {
      world.count(Sometimes.LEASE_EXPIRED);
      expired.add(end.sessionId());
      requireFenced(end.sessionId());
    }
    if (end.cause() == FenceResolution.LEFT) {
      world.count(Sometimes.AGENT_LEFT);
    }
    connectionOf.remove(end.sessionId());
    for (HostShard shard : host.shards()) {
      boolean told = !world.broken(Breakage.SESSION_END_NOT_TOLD) || shard != host.shard(0);
      if (told) {
        shard.post(new ShardInput.SessionEnded(end.sessionId(), end.cause()));
      }
    }
  }

  /** The lease arithmetic: the agent's own clock forbids access before the host gives it up. */
  private void requireFenced(long sessionId) {
    SimAgent agent = agentOf.get(sessionId);
    if (agent != null && agent.alive() && agent.mayAccess(host.epoch(), sessionId)) {
      throw new InvariantViolation(
          "INV-1",
          "the host gave up session %d of %s, whose own clock still permits access"
              .formatted(sessionId, agent.name()));
    }
  }

  private void planTimer() {
    long deadline = engine.nextDeadlineNanos();
    if (deadline == Long.MAX_VALUE || world.broken(Breakage.NO_HOST_TIMER)) {
      return;
    }
    long at = world.loop.nowNanos() + host.delayUntil(deadline);
    if (at < timerAtNanos) {
      timerAtNanos = at;
      host.after(
          at - world.loop.nowNanos() + random.nextInt(SimSettings.TIMER_LATENESS_NANOS),
          "session timer",
          this::timer);
    }
  }

  private void timer() {
    timerAtNanos = Long.MAX_VALUE;
    if (host.clockNanos() >= engine.nextDeadlineNanos()) {
      post(new SessionInput.Tick());
    }
    planTimer();
  }
}
