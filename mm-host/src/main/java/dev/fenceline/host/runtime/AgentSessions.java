package dev.fenceline.host.runtime;

import dev.fenceline.concurrent.Mailbox;
import dev.fenceline.host.engine.session.AgentStanding;
import dev.fenceline.host.engine.session.HostPolicy;
import dev.fenceline.host.engine.session.Session;
import dev.fenceline.host.engine.session.SessionEffect;
import dev.fenceline.host.engine.session.SessionEngine;
import dev.fenceline.host.engine.session.SessionInput;
import dev.fenceline.host.engine.session.StandingView;
import dev.fenceline.host.engine.shard.ShardInput;
import dev.fenceline.model.AgentMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sessions of a host at work: their engine behind a mailbox, and the connections that carry
 * them. Thread-safe.
 *
 * <p>A session's begin and end are put into every shard's mailbox before its Welcome is sent, so no
 * message of a session reaches a shard that does not know it.
 */
public final class AgentSessions {
  private static final Logger LOG = LoggerFactory.getLogger(AgentSessions.class);
  private static final int INPUTS_PER_TURN = 64;

  private sealed interface Message {
    record Input(SessionInput input) implements Message {}

    /** Reads the engine between two steps. */
    record Read(Reading<?> reading) implements Message {}

    /** An operator's input, answered by what is so after its step. */
    record Control(SessionInput input, Reading<?> reading) implements Message {}
  }

  /** What is read of the engine, and who waits for it. */
  private record Reading<T>(Supplier<T> reader, CompletableFuture<T> answer) {
    void read() {
      answer.complete(reader.get());
    }

    void refuse() {
      answer.completeExceptionally(new IllegalStateException("the sessions have stopped"));
    }
  }

  private final HostRuntime host;
  private final SessionEngine engine;
  private final Mailbox<Message> mailbox;
  private final Timers.Alarm alarm;
  private final AtomicLong lastConnection = new AtomicLong();
  private final Map<Long, AgentConnection> byConnection = new ConcurrentHashMap<>();
  private final Map<Long, AgentConnection> bySession = new ConcurrentHashMap<>();
  private final SessionEvents events;
  private boolean stopped;

  /** For gauges: written after each input, read by anybody. */
  private volatile int sessionCount;

  private volatile List<StandingView> standings = List.of();
  private volatile HostPolicy policy;

  AgentSessions(HostRuntime host, Executor executor) {
    RuntimeSettings settings = host.settings();
    this.host = host;
    this.engine =
        new SessionEngine(
            settings.hostId(), settings.hostEpoch(), settings.leases(), settings.faultCredit());
    this.policy = engine.policy();
    this.events = new SessionEvents(host.events());
    this.alarm = host.timers().alarm(this::tick);
    this.mailbox =
        new Mailbox<>(
            new Mailbox.Settings(
                settings.shardCapacity(), INPUTS_PER_TURN, Mailbox.Draining.BY_CALLER),
            executor,
            this::handle,
            this::failed);
  }

  /** A new attach stream. */
  AgentConnection connect(Outlet outlet, OutboundQueue.Limits limits) {
    AgentConnection connection =
        new AgentConnection(
            lastConnection.incrementAndGet(),
            host,
            outlet,
            new OutboundQueue(limits, host.encoder()));
    byConnection.put(connection.connectionId(), connection);
    connection.awaitHello();
    return connection;
  }

  /** The connection that serves the session, or null. */
  @Nullable AgentConnection connectionOf(long sessionId) {
    return bySession.get(sessionId);
  }

  /** The agent that said Hello for the session, or null if there is no such session. */
  public @Nullable String agentOf(long sessionId) {
    AgentConnection connection = bySession.get(sessionId);
    return connection == null ? null : connection.agentId();
  }

  /** Messages that wait for slow readers, over all connections. */
  public long outboundDepth() {
    return byConnection.values().stream().mapToLong(AgentConnection::queueLength).sum();
  }

  /** Sessions that have not ended, as of some recent input. */
  public int sessionCount() {
    return sessionCount;
  }

  /** Attach streams that are open. */
  public int connections() {
    return byConnection.size();
  }

  /** The sessions as they are between two steps, oldest first; fails if they have stopped. */
  public CompletableFuture<List<SessionView>> views() {
    return ask(null, this::readAll);
  }

  /**
   * Quarantines an agent, whether it is attached or not.
   *
   * @param holdNanos it is returned after so long; 0: by an operator
   * @return its standing; healthy if the table of standings has no room for it
   */
  public CompletableFuture<StandingView> quarantine(String agentId, String reason, long holdNanos) {
    return ask(
        new SessionInput.Quarantine(agentId, reason, holdNanos), () -> readStanding(agentId));
  }

  /** Lets an agent attach again. */
  public CompletableFuture<StandingView> returnAgent(String agentId) {
    return ask(new SessionInput.ReturnAgent(agentId), () -> readStanding(agentId));
  }

  /** The agents that are quarantined or have strikes. */
  public CompletableFuture<List<StandingView>> standings() {
    return ask(null, () -> engine.standings(host.timers().nowNanos()));
  }

  /** Sets a policy that contradicts itself nowhere. */
  public CompletableFuture<HostPolicy> setPolicy(HostPolicy newPolicy) {
    return ask(new SessionInput.SetPolicy(newPolicy), engine::policy);
  }

  /** The policy, as of some recent input. */
  public HostPolicy policy() {
    return policy;
  }

  /** How many agents stand so, as of some recent input. */
  public long standingCount(AgentStanding.State state) {
    return standings.stream().filter(standing -> standing.state() == state).count();
  }

  /** Agents that are quarantined, as of some recent input. */
  public List<String> quarantinedAgents() {
    return standings.stream()
        .filter(standing -> standing.state() == AgentStanding.State.QUARANTINED)
        .map(StandingView::agentId)
        .toList();
  }

  private <T> CompletableFuture<T> ask(@Nullable SessionInput input, Supplier<T> reader) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    Reading<T> reading = new Reading<>(reader, answer);
    Message message =
        input == null ? new Message.Read(reading) : new Message.Control(input, reading);
    if (mailbox.offer(message) != Mailbox.Offer.ACCEPTED) {
      reading.refuse();
    }
    return answer;
  }

  private StandingView readStanding(String agentId) {
    return engine.standing(agentId, host.timers().nowNanos());
  }

  void hello(long connectionId, AgentMessage.Hello hello) {
    submit(new SessionInput.HelloReceived(connectionId, hello));
  }

  void heartbeat(long epoch, long sessionId, long number) {
    submit(new SessionInput.HeartbeatReceived(epoch, sessionId, number));
  }

  void leave(long epoch, long sessionId) {
    submit(new SessionInput.LeaveReceived(epoch, sessionId));
  }

  void connectionClosed(long connectionId) {
    if (byConnection.containsKey(connectionId)) {
      submit(new SessionInput.ConnectionClosed(connectionId));
    }
  }

  void overdue(int shardIndex, long sessionId, boolean overdue) {
    submit(new SessionInput.OverdueChanged(shardIndex, sessionId, overdue));
  }

  void diedOwing(int shardIndex, long sessionId, String agentId) {
    submit(new SessionInput.DiedOwing(shardIndex, sessionId, agentId));
  }

  /** Ends every stream in good order: the host is about to stop. */
  public void endStreams() {
    byConnection.values().forEach(AgentConnection::end);
  }

  void stop() {
    endStreams();
    mailbox.stop();
  }

  void tick() {
    submit(new SessionInput.Tick());
  }

  private void submit(SessionInput input) {
    mailbox.submit(new Message.Input(input));
  }

  private void handle(Message message) {
    if (stopped) {
      refuse(message);
      return;
    }
    switch (message) {
      case Message.Read read -> read.reading().read();
      case Message.Control control -> {
        step(control.input());
        control.reading().read();
      }
      case Message.Input input -> step(input.input());
    }
  }

  private void step(SessionInput input) {
    if (input instanceof SessionInput.Tick) {
      alarm.rang();
    }
    for (SessionEffect effect : engine.step(host.timers().nowNanos(), input)) {
      carryOut(effect);
    }
    if (input instanceof SessionInput.ConnectionClosed closed) {
      byConnection.remove(closed.connectionId());
    }
    alarm.notLaterThan(engine.nextDeadlineNanos());
    sessionCount = engine.sessions().size();
    if (!(input instanceof SessionInput.HeartbeatReceived)) {
      standings = engine.standings(host.timers().nowNanos());
    }
  }

  private List<SessionView> readAll() {
    long now = host.timers().nowNanos();
    List<SessionView> views = new ArrayList<>();
    for (Session session : engine.sessions()) {
      long left = session.renewedNanos() + engine.leases().expiryNanos() - now;
      views.add(
          new SessionView(
              session.sessionId(),
              session.hello(),
              session.state(),
              now - session.stateSinceNanos(),
              left,
              session.overdue()));
    }
    return views;
  }

  private void carryOut(SessionEffect effect) {
    switch (effect) {
      case SessionEffect.OpenOnShards open ->
          host.onEveryShard(
              new ShardInput.SessionOpened(open.sessionId(), open.agentId(), open.devices()));
      case SessionEffect.GreetedOnShards greeted ->
          host.onEveryShard(new ShardInput.SessionGreeted(greeted.sessionId(), greeted.hello()));
      case SessionEffect.EndOnShards end -> {
        bySession.remove(end.sessionId());
        host.onEveryShard(new ShardInput.SessionEnded(end.sessionId(), end.cause()));
      }
      case SessionEffect.Bind bind -> {
        AgentConnection connection = byConnection.get(bind.connectionId());
        if (connection != null) {
          connection.bind(bind.sessionId());
          bySession.put(bind.sessionId(), connection);
        }
      }
      case SessionEffect.SendOn send -> {
        AgentConnection connection = byConnection.get(send.connectionId());
        if (connection != null) {
          connection.send(send.message());
        }
      }
      case SessionEffect.Close close -> {
        AgentConnection connection = byConnection.remove(close.connectionId());
        if (connection != null) {
          connection.end();
        }
      }
      case SessionEffect.LateMessage late -> host.lateMessage(LateCause.SESSION);
      case SessionEffect.Transitioned changed -> {
        host.peerLog()
            .sessionChanged(
                changed.agentId(), changed.sessionId(), changed.state(), changed.reason());
        host.observer().sessionChanged(changed.agentId(), changed.state(), changed.reason());
        events.transitioned(changed);
      }
      case SessionEffect.StandingChanged changed -> {
        StandingView standing = changed.standing();
        host.peerLog().standingChanged(standing);
        host.observer().standingChanged(standing);
        events.standing(standing);
      }
      case SessionEffect.PolicySet set -> {
        LOG.info("policy: {}", set.policy());
        policy = set.policy();
        events.policySet(set.policy());
      }
      case SessionEffect.HelloRefused refused -> {
        host.peerLog().helloRefused(refused);
        host.observer().helloRefused(refused.refusal());
        events.refused(refused);
      }
    }
  }

  private void failed(Message message, Throwable cause) {
    if (!stopped) {
      stopped = true;
      LOG.error("the sessions stop: their state is broken", cause);
      host.stoppedBy("sessions", cause);
      mailbox.stop();
    }
    refuse(message);
  }

  private static void refuse(Message message) {
    switch (message) {
      case Message.Read read -> read.reading().refuse();
      case Message.Control control -> control.reading().refuse();
      case Message.Input input -> {}
    }
  }
}
