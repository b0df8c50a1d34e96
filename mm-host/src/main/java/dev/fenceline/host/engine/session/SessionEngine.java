package dev.fenceline.host.engine.session;

import dev.fenceline.model.AgentMessage.Hello;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.HostMessage.RefusalReason;
import dev.fenceline.model.HumanTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who is attached to this host and whose lease runs. Pure; confined to its mailbox.
 *
 * <p>Expiry is looked at in every step, not only while a fence waits; an agent that owes an overdue
 * fence is not renewed, so that a half-dead link cannot keep a fence waiting.
 *
 * <p>An agent that keeps others waiting too often is quarantined: its stream is closed and its
 * Hello refused. Its session goes on without renewal until the lease runs out, so its fences
 * resolve no earlier than if its link had broken (INV-1), and by the same bound.
 */
public final class SessionEngine {
  /** Agents that a host serves. */
  public static final int MAX_SESSIONS = 10_000;

  private final String hostId;
  private final long hostEpoch;
  private final LeasePolicy leases;
  private final int faultCredit;
  private final Map<String, Session> byAgent = new LinkedHashMap<>();
  private final Map<Long, Session> bySession = new LinkedHashMap<>();
  private final HelloHistory history = new HelloHistory(2 * MAX_SESSIONS);
  private final List<SessionEffect> effects = new ArrayList<>();
  private final Standings standings;
  private long lastSession;

  /** With the default policy. */
  public SessionEngine(String hostId, long hostEpoch, LeasePolicy leases, int faultCredit) {
    this(hostId, hostEpoch, leases, faultCredit, HostPolicy.DEFAULT);
  }

  public SessionEngine(
      String hostId, long hostEpoch, LeasePolicy leases, int faultCredit, HostPolicy policy) {
    this.standings = new Standings(policy);
    this.hostId = hostId;
    this.hostEpoch = hostEpoch;
    this.leases = leases;
    this.faultCredit = faultCredit;
  }

  /**
   * Takes one input at a time that never goes back.
   *
   * @return the effects in their order; the list is reused and valid until the next step
   */
  public List<SessionEffect> step(long nowNanos, SessionInput input) {
    effects.clear();
    expire(nowNanos);
    switch (input) {
      case SessionInput.HelloReceived hello -> hello(hello.connectionId(), hello.hello(), nowNanos);
      case SessionInput.HeartbeatReceived heartbeat -> heartbeat(heartbeat, nowNanos);
      case SessionInput.LeaveReceived leave -> leave(leave, nowNanos);
      case SessionInput.ConnectionClosed closed -> closed(closed.connectionId(), nowNanos);
      case SessionInput.OverdueChanged changed -> overdue(changed, nowNanos);
      case SessionInput.DiedOwing died -> diedOwing(died, nowNanos);
      case SessionInput.Quarantine order -> quarantine(order, nowNanos);
      case SessionInput.ReturnAgent order -> returnAgent(order.agentId(), nowNanos);
      case SessionInput.SetPolicy set -> {
        standings.policy(set.policy());
        effects.add(new SessionEffect.PolicySet(set.policy()));
      }
      case SessionInput.Tick tick -> {}
    }
    return effects;
  }

  /** When the next lease runs out; Long.MAX_VALUE if none runs. */
  public long nextDeadlineNanos() {
    return Math.min(nextExpiryNanos(), standings.nextDeadlineNanos());
  }

  private long nextExpiryNanos() {
    long next = Long.MAX_VALUE;
    for (Session session : bySession.values()) {
      next = Math.min(next, session.renewedNanos() + leases.expiryNanos());
    }
    return next;
  }

  /** The sessions that have not ended, oldest first; valid between steps. */
  public Collection<Session> sessions() {
    return bySession.values();
  }

  public LeasePolicy leases() {
    return leases;
  }

  public HostPolicy policy() {
    return standings.policy();
  }

  /** The agents that are quarantined or have strikes. */
  public List<StandingView> standings(long nowNanos) {
    return standings.views(nowNanos);
  }

  /** What the host thinks of an agent; healthy if it knows nothing against it. */
  public StandingView standing(String agentId, long nowNanos) {
    AgentStanding standing = standings.find(agentId);
    return standing == null ? StandingView.healthy(agentId) : standing.view(nowNanos);
  }

  private void hello(long connectionId, Hello hello, long nowNanos) {
    String malformed = HelloCheck.malformed(hello);
    if (malformed != null) {
      sendRefusal(connectionId, RefusalReason.MALFORMED, malformed, 0);
      return;
    }
    if (hello.protocolVersion() != HelloCheck.PROTOCOL_VERSION) {
      refuse(
          connectionId,
          hello,
          RefusalReason.PROTOCOL_VERSION,
          "protocol version %d; this host speaks %d"
              .formatted(hello.protocolVersion(), HelloCheck.PROTOCOL_VERSION),
          0);
      return;
    }
    AgentStanding standing = standings.find(hello.agentId());
    if (standing != null && standing.state() == AgentStanding.State.QUARANTINED) {
      refuseQuarantined(connectionId, hello, standing.view(nowNanos));
      return;
    }
    Session earlier = byAgent.get(hello.agentId());
    if (earlier == null && bySession.size() >= MAX_SESSIONS) {
      refuse(
          connectionId,
          hello,
          RefusalReason.TOO_MANY_AGENTS,
          "the host serves " + MAX_SESSIONS + " agents, its limit",
          leases.ttlNanos());
      return;
    }
    if (history.outdated(hello)) {
      // It was under way for longer than the agent waited: it says nothing of what the agent has
      // done since, and must not count as the ack of the session that came after it.
      effects.add(new SessionEffect.LateMessage(earlier == null ? 0 : earlier.sessionId()));
      sendRefusal(
          connectionId,
          RefusalReason.AGENT_ID_TAKEN,
          "a Hello of dial %d of agent %s, which has said a later one"
              .formatted(hello.dialAttempt(), hello.agentId()),
          leases.heartbeatIntervalNanos());
      return;
    }
    if (earlier != null && belongsToAnother(earlier, hello)) {
      long left = earlier.renewedNanos() + leases.expiryNanos() - nowNanos;
      refuse(
          connectionId,
          hello,
          RefusalReason.AGENT_ID_TAKEN,
          "agent %s is attached by another process; its lease ends in %d ms unless it is renewed"
              .formatted(hello.agentId(), left / 1_000_000),
          left);
      return;
    }
    if (earlier != null) {
      end(earlier, FenceResolution.REATTACHED, "a new Hello of the agent", nowNanos);
    }
    open(connectionId, hello, nowNanos);
  }

  /**
   * Whether another process has the session: for as long as its stream stands or, if it was started
   * later than this one, until its lease ends, since the Hello may be older than the session.
   */
  private static boolean belongsToAnother(Session earlier, Hello hello) {
    int started = Long.compareUnsigned(hello.bootToken(), earlier.hello().bootToken());
    return started != 0 && (earlier.state() == Session.State.ATTACHED || started < 0);
  }

  private void open(long connectionId, Hello hello, long nowNanos) {
    history.accepted(hello, byAgent::containsKey);
    Session session = new Session(++lastSession, hello, connectionId, nowNanos);
    byAgent.put(hello.agentId(), session);
    bySession.put(session.sessionId(), session);
    effects.add(
        new SessionEffect.OpenOnShards(session.sessionId(), hello.agentId(), hello.devices()));
    effects.add(new SessionEffect.Bind(connectionId, session.sessionId()));
    effects.add(
        new SessionEffect.SendOn(
            connectionId,
            new HostMessage.Welcome(
                hostId,
                hostEpoch,
                session.sessionId(),
                leases.ttlNanos(),
                leases.heartbeatIntervalNanos(),
                faultCredit)));
    effects.add(new SessionEffect.GreetedOnShards(session.sessionId(), hello));
    report(session, null, "hello");
  }

  private void heartbeat(SessionInput.HeartbeatReceived heartbeat, long nowNanos) {
    Session session = current(heartbeat.hostEpoch(), heartbeat.sessionId());
    if (session == null || !session.heartbeat(heartbeat.number())) {
      effects.add(new SessionEffect.LateMessage(heartbeat.sessionId()));
      return;
    }
    if (session.overdue() || session.state() != Session.State.ATTACHED) {
      return;
    }
    session.renew(nowNanos);
    effects.add(
        new SessionEffect.SendOn(
            session.connectionId(), new HostMessage.HeartbeatAck(heartbeat.number())));
  }

  private void leave(SessionInput.LeaveReceived leave, long nowNanos) {
    Session session = current(leave.hostEpoch(), leave.sessionId());
    if (session == null) {
      effects.add(new SessionEffect.LateMessage(leave.sessionId()));
    } else {
      end(session, FenceResolution.LEFT, "the agent left", nowNanos);
    }
  }

  private void closed(long connectionId, long nowNanos) {
    for (Session session : bySession.values()) {
      if (session.connectionId() == connectionId && session.state() == Session.State.ATTACHED) {
        session.transition(Session.State.DETACHED, nowNanos);
        report(session, null, "the stream broke");
        return;
      }
    }
  }

  private void overdue(SessionInput.OverdueChanged changed, long nowNanos) {
    Session session = bySession.get(changed.sessionId());
    if (session == null) {
      return;
    }
    boolean before = session.overdue();
    session.overdueShards(changed.overdue() ? 1 : -1);
    if (!before && session.overdue()) {
      strike(session.hello().agentId(), "a fence is overdue", nowNanos);
    }
  }

  private void diedOwing(SessionInput.DiedOwing died, long nowNanos) {
    AgentStanding standing = standings.findOrAdd(died.agentId(), nowNanos);
    if (standing != null && !standing.settled(died.sessionId())) {
      standing.settle(died.sessionId());
      strike(died.agentId(), "its lease ran out while it owed a fence", nowNanos);
    }
  }

  private void strike(String agentId, String why, long nowNanos) {
    AgentStanding standing = standings.findOrAdd(agentId, nowNanos);
    if (standing == null) {
      return;
    }
    standing.strike(nowNanos);
    if (standings.deservesQuarantine(standing)) {
      long hold = standings.policy().holdNanos(standing.quarantines());
      String reason =
          "%d strikes within %s, the last because %s"
              .formatted(standing.strikes(), HumanTime.of(standings.policy().windowNanos()), why);
      quarantine(standing, new AgentStanding.Sentence(reason, false, nowNanos + hold), nowNanos);
    }
  }

  private void quarantine(SessionInput.Quarantine order, long nowNanos) {
    AgentStanding standing = standings.findOrAdd(order.agentId(), nowNanos);
    if (standing == null) {
      return;
    }
    long until = order.holdNanos() == 0 ? Long.MAX_VALUE : nowNanos + order.holdNanos();
    quarantine(standing, new AgentStanding.Sentence(order.reason(), true, until), nowNanos);
  }

  private void quarantine(AgentStanding standing, AgentStanding.Sentence sentence, long nowNanos) {
    standing.quarantine(sentence, nowNanos);
    effects.add(new SessionEffect.StandingChanged(standing.view(nowNanos)));
    Session session = byAgent.get(standing.agentId());
    if (session == null) {
      return;
    }
    standing.settle(session.sessionId());
    if (session.state() == Session.State.ATTACHED) {
      // Not ended: only a lease that ran out proves that no access goes on, since nobody may say
      // Hello for it any more (INV-1).
      String reason = "quarantined: " + sentence.reason();
      session.transition(Session.State.DETACHED, nowNanos);
      sayGoodbye(session, reason);
      report(session, null, reason);
    }
  }

  private void returnAgent(String agentId, long nowNanos) {
    AgentStanding standing = standings.find(agentId);
    if (standing == null || standing.state() == AgentStanding.State.HEALTHY) {
      return;
    }
    boolean held = standing.state() == AgentStanding.State.QUARANTINED;
    standing.returned(nowNanos);
    if (held) {
      effects.add(new SessionEffect.StandingChanged(standing.view(nowNanos)));
    }
  }

  private void refuseQuarantined(long connectionId, Hello hello, StandingView standing) {
    // An operator may return it before its hold ends, so it asks again within two leases.
    long longest = 2 * leases.ttlNanos();
    long left = standing.holdLeftNanos() == 0 ? longest : standing.holdLeftNanos();
    String ends =
        standing.holdLeftNanos() == 0
            ? "until an operator returns it"
            : "for another " + HumanTime.of(left);
    refuse(
        connectionId,
        hello,
        RefusalReason.QUARANTINED,
        "agent %s is quarantined %s: %s".formatted(hello.agentId(), ends, standing.reason()),
        Math.min(left, longest));
  }

  private void expire(long nowNanos) {
    for (AgentStanding standing : standings.expire(nowNanos)) {
      returnAgent(standing.agentId(), nowNanos);
    }
    if (nowNanos < nextExpiryNanos()) {
      return;
    }
    for (Session session : List.copyOf(bySession.values())) {
      if (nowNanos - session.renewedNanos() >= leases.expiryNanos()) {
        String why =
            session.overdue()
                ? "the lease ran out; it was not renewed because a fence was overdue"
                : "the lease ran out";
        if (session.overdue()) {
          settle(session); // the overdue fence was a strike already
        }
        end(session, FenceResolution.LEASE_EXPIRED, why, nowNanos);
      }
    }
  }

  private void end(Session session, FenceResolution cause, String reason, long nowNanos) {
    boolean attached = session.state() == Session.State.ATTACHED;
    session.transition(Session.State.ENDED, nowNanos);
    bySession.remove(session.sessionId());
    byAgent.remove(session.hello().agentId());
    effects.add(new SessionEffect.EndOnShards(session.sessionId(), cause));
    if (attached) {
      sayGoodbye(session, reason);
    }
    report(session, cause, reason);
  }

  private void sayGoodbye(Session session, String reason) {
    effects.add(new SessionEffect.SendOn(session.connectionId(), new HostMessage.Goodbye(reason)));
    effects.add(new SessionEffect.Close(session.connectionId(), reason));
  }

  private void settle(Session session) {
    AgentStanding standing = standings.find(session.hello().agentId());
    if (standing != null) {
      standing.settle(session.sessionId());
    }
  }

  private void refuse(
      long connectionId, Hello hello, RefusalReason reason, String message, long retryAfterNanos) {
    sendRefusal(connectionId, reason, message, retryAfterNanos);
    effects.add(new SessionEffect.HelloRefused(hello.agentId(), reason, message));
  }

  private void sendRefusal(
      long connectionId, RefusalReason reason, String message, long retryAfterNanos) {
    effects.add(
        new SessionEffect.SendOn(
            connectionId, new HostMessage.Refusal(reason, message, retryAfterNanos)));
    effects.add(new SessionEffect.Close(connectionId, message));
  }

  private void report(Session session, @Nullable FenceResolution ending, String reason) {
    effects.add(
        new SessionEffect.Transitioned(
            session.hello().agentId(), session.sessionId(), session.state(), ending, reason));
  }

  private @Nullable Session current(long epoch, long sessionId) {
    return epoch == hostEpoch ? bySession.get(sessionId) : null;
  }
}
