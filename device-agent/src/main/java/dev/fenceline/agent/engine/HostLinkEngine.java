package dev.fenceline.agent.engine;

import dev.fenceline.agent.engine.memory.LinkMemory;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.HostMessage.Invalidate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * One agent's side of the link to one host: session, lease, mirrors, faults, invalidations (DESIGN
 * 3.2, 3.3, 3.5). Not thread-safe: confined to the link's mailbox, or to the simulator.
 *
 * <p>Legal transitions; everything else is a broken invariant:
 *
 * <pre>
 *   DISCONNECTED -> DIALING                 start
 *   DIALING      -> GREETING                the stream is open: Hello
 *   GREETING     -> ATTACHED                Welcome
 *   ATTACHED     -> DRAINING                the stream broke, Goodbye, or stop
 *   ATTACHED     -> FENCED                  the lease ran out by our own clock
 *   DRAINING, FENCED -> BACKOFF             all accesses have drained
 *   DIALING, GREETING -> BACKOFF            failed, refused, or too late
 *   BACKOFF      -> DIALING                 the wait is over
 *   any but ATTACHED -> DISCONNECTED        stop (from DRAINING and FENCED: once drained)
 * </pre>
 *
 * <p>Hello is never sent before everything of the session before has drained: the host takes it as
 * the acknowledgement of all fences that the session owes.
 */
public final class HostLinkEngine {
  /** What {@link #leaseEndNanos} says while there is no session. */
  public static final long NO_LEASE = Long.MIN_VALUE;

  /** What lives exactly as long as a session. Confined to the engine. */
  private record Session(long hostEpoch, long sessionId, Lease lease) {}

  private final LinkSettings settings;
  private final List<AgentEffect> effects = new ArrayList<>();
  private final List<AgentEffect> effectsView = Collections.unmodifiableList(effects);
  private final LinkCounters counters = new LinkCounters();
  private final MirrorBook mirrors = new MirrorBook();
  private final DrainBook drains = new DrainBook(effects);
  private final Outbox outbox;
  private final MemoryDesk memory;
  private final MirrorDesk desk;
  private final InvalidationDesk invalidations;
  private final FaultQueue faults;
  private final Backoff backoff;

  private LinkState state = LinkState.DISCONNECTED;
  private @Nullable Session session;
  private boolean stopping;

  /** Leave, to be said once everything has drained. */
  private AgentMessage.@Nullable Batch lastWord;

  /** Number of the stream that counts; events of others are late. */
  private long attempt;

  private boolean streamOpen;
  private long helloSentNanos;

  /** Of DIALING, GREETING and BACKOFF. */
  private long stateEndNanos;

  private long nowNanos;

  /** A link of devices without memory. */
  public HostLinkEngine(LinkSettings settings, SplittableRandom random) {
    this(settings, LinkMemory.NONE, random);
  }

  public HostLinkEngine(LinkSettings settings, LinkMemory devicesMemory, SplittableRandom random) {
    this.settings = settings;
    this.outbox = new Outbox(settings.devices().size());
    LinkParts parts = new LinkParts(settings, mirrors, drains, outbox, counters, effects);
    FaultCommit commit = new FaultCommit(effects);
    MigrationWishes wishes = new MigrationWishes(devicesMemory, outbox, counters);
    this.memory = new MemoryDesk(parts, devicesMemory, commit, wishes);
    this.desk = new MirrorDesk(settings, mirrors, drains, effects);
    this.invalidations =
        new InvalidationDesk(settings.devices().size(), mirrors, drains, outbox, counters);
    this.faults = new FaultQueue(parts, commit, wishes, random.split());
    this.backoff =
        new Backoff(settings.backoffInitialNanos(), settings.backoffMaxNanos(), random.split());
  }

  /**
   * Takes one input in.
   *
   * @param nowNanos the agent's monotonic clock, never less than before
   * @return what to do, in this order; the list is reused and valid until the next call
   */
  public List<AgentEffect> step(long nowNanos, AgentInput input) {
    effects.clear();
    this.nowNanos = nowNanos;
    timePassed(); // first: a lease that has run out fences before anything could renew it
    switch (input) {
      case AgentInput.Start() -> start();
      case AgentInput.Tick() -> {}
      case AgentInput.Flush() -> flush();
      case AgentInput.StreamOpened opened -> streamOpened(opened.attempt());
      case AgentInput.StreamEnded ended -> streamEnded(ended.attempt(), ended.reason());
      case AgentInput.Received received -> received(received.attempt(), received.batch());
      case AgentInput.Drained drained -> drained.drainIds().forEach(this::drained);
      case AgentInput.OpenMirror wanted -> openMirror(wanted);
      case AgentInput.CloseMirror wanted -> desk.close(wanted, session != null);
      case AgentInput.CloseDevice wanted -> desk.closeDevice(wanted, session != null);
      case AgentInput.FaultWanted wanted -> faults.want(wanted);
      case AgentInput.FaultAside aside -> {
        if (!faults.wantCovered(aside.wanted())) {
          openMirror(aside.mirror());
        }
      }
      case AgentInput.FaultAbandoned abandoned -> faults.abandon(abandoned.ticket());
      case AgentInput.EntryStale stale ->
          effects.add(
              new AgentEffect.DropStaleEntry(
                  stale.deviceIndex(), stale.spaceId(), stale.vpn(), stale.generation()));
      case AgentInput.OfMemory ofMemory -> memory.told(ofMemory, session != null);
      case AgentInput.Stop() -> stop();
    }
    return effectsView;
  }

  /** When {@code Tick} is due at the latest; {@link Long#MAX_VALUE} if nothing waits for time. */
  public long nextDeadlineNanos() {
    return switch (state) {
      case DISCONNECTED, DRAINING, FENCED -> Long.MAX_VALUE;
      case DIALING, GREETING, BACKOFF -> stateEndNanos;
      case ATTACHED -> {
        Lease lease = attached().lease();
        long due = Math.min(lease.accessEndNanos(), lease.nextHeartbeatNanos());
        yield Math.min(due, faults.earliestRetryNanos());
      }
    };
  }

  /** From this time on no access may begin; {@link #NO_LEASE} while there is no session. */
  public long leaseEndNanos() {
    return session == null ? NO_LEASE : session.lease().accessEndNanos();
  }

  public LinkState state() {
    return state;
  }

  /** Id of the session, 0 if there is none. */
  public long sessionId() {
    return session == null ? 0 : session.sessionId();
  }

  /** Epoch of the host in the session, 0 if there is none. */
  public long hostEpoch() {
    return session == null ? 0 : session.hostEpoch();
  }

  public long counter(LinkCounter counter) {
    return counters.get(counter);
  }

  /** Tickets that wait for their fault. */
  public int waitingFaults() {
    return faults.tickets();
  }

  /** Fault requests that the host has not answered. */
  public int faultRequestsInFlight() {
    return faults.requestsInFlight();
  }

  /** Pages in the devices' memory that the host may count on. */
  public int heldPages() {
    return memory.heldPages();
  }

  public int mirrors() {
    return mirrors.size();
  }

  /** Drains whose end is awaited. */
  public int drainsUnderWay() {
    return drains.underWay();
  }

  // ---- time

  private void timePassed() {
    switch (state) {
      case ATTACHED -> {
        Lease lease = attached().lease();
        if (nowNanos >= lease.accessEndNanos()) {
          counters.add(LinkCounter.FENCINGS, 1);
          endSession(LinkState.FENCED, "the lease ran out");
        } else if (nowNanos >= lease.nextHeartbeatNanos()) {
          outbox.add(new AgentMessage.Heartbeat(lease.beat(nowNanos)));
        }
      }
      case DIALING, GREETING -> {
        if (nowNanos >= stateEndNanos) {
          giveUpAttempt("no answer in time", backoff.nextNanos());
        }
      }
      case BACKOFF -> {
        if (nowNanos >= stateEndNanos) {
          transition(LinkState.DIALING, "the wait is over");
        }
      }
      case DISCONNECTED, DRAINING, FENCED -> {}
    }
  }

  // ---- the state machine

  /** The only place that changes the state; what belongs to a state's begin happens here. */
  private void transition(LinkState to, String reason) {
    if (!state.mayBecome(to)) {
      throw new IllegalStateException("link goes from " + state + " to " + to + ": " + reason);
    }
    effects.add(new AgentEffect.StateChanged(state, to, reason));
    state = to;
    switch (to) {
      case DIALING -> {
        attempt++;
        stateEndNanos = nowNanos + settings.greetingTimeoutNanos();
        effects.add(new AgentEffect.Dial(attempt));
      }
      case GREETING -> {
        streamOpen = true;
        helloSentNanos = nowNanos;
        stateEndNanos = nowNanos + settings.greetingTimeoutNanos();
        effects.add(new AgentEffect.Send(attempt, hello()));
      }
      case ATTACHED -> counters.add(LinkCounter.SESSIONS, 1);
      case DRAINING, FENCED -> {
        drains.dropEverything(reason);
        if (!stopping) {
          closeStream(reason);
        }
      }
      case DISCONNECTED -> {
        desk.refuseAll();
        faults.refuseAll();
        memory.refuseAll();
      }
      case BACKOFF -> {}
    }
  }

  private void start() {
    if (state == LinkState.DISCONNECTED) {
      stopping = false;
      lastWord = null;
      transition(LinkState.DIALING, "start");
    }
  }

  private void stop() {
    stopping = true;
    switch (state) {
      case ATTACHED -> endSession(LinkState.DRAINING, "stop");
      case DIALING, GREETING, BACKOFF -> {
        closeStream("stop");
        transition(LinkState.DISCONNECTED, "stop");
      }
      case DISCONNECTED, DRAINING, FENCED -> {}
    }
  }

  private AgentMessage.Batch hello() {
    return new AgentMessage.Batch(0, 0, List.of(memory.hello(settings, attempt)));
  }

  private void streamOpened(long opened) {
    if (opened == attempt && state == LinkState.DIALING) {
      transition(LinkState.GREETING, "the stream is open");
    }
  }

  private void streamEnded(long ended, String reason) {
    if (ended != attempt) {
      return;
    }
    streamOpen = false;
    switch (state) {
      case DIALING, GREETING -> giveUpAttempt(reason, backoff.nextNanos());
      case ATTACHED -> endSession(LinkState.DRAINING, reason);
      case DISCONNECTED, DRAINING, FENCED, BACKOFF -> {}
    }
  }

  private void giveUpAttempt(String reason, long delayNanos) {
    effects.add(new AgentEffect.CloseStream(attempt, reason));
    streamOpen = false;
    stateEndNanos = nowNanos + delayNanos;
    transition(LinkState.BACKOFF, reason);
  }

  private void closeStream(String reason) {
    if (streamOpen || state == LinkState.DIALING) {
      effects.add(new AgentEffect.CloseStream(attempt, reason));
      streamOpen = false;
    }
  }

  private void endSession(LinkState to, String reason) {
    if (stopping) {
      lastWord = batchOf(attached(), List.of(new AgentMessage.Leave()));
    }
    session = null;
    outbox.clear();
    transition(to, reason); // DropEverything comes before whatever is told to those who wait
    faults.sessionEnded();
    desk.sessionEnded();
    memory.sessionEnded();
  }

  private Session attached() {
    if (session == null) {
      throw new IllegalStateException("no session in state " + state);
    }
    return session;
  }

  // ---- what the host says

  private void received(long from, HostMessage.Batch batch) {
    for (HostMessage message : batch.messages()) {
      // For each one: the one before may have opened or ended the session (INV-10).
      if (!isCurrent(from, batch, message)) {
        counters.add(LinkCounter.LATE_MESSAGES, 1);
      } else if (state == LinkState.GREETING) {
        greeted(message);
      } else {
        heard(message, attached());
      }
    }
  }

  private boolean isCurrent(long from, HostMessage.Batch batch, HostMessage message) {
    if (from != attempt) {
      return false;
    }
    if (state == LinkState.GREETING) {
      return message instanceof HostMessage.Welcome
          || message instanceof HostMessage.Refusal
          || message instanceof HostMessage.Goodbye;
    }
    return session != null
        && batch.hostEpoch() == session.hostEpoch()
        && batch.sessionId() == session.sessionId();
  }

  private void greeted(HostMessage message) {
    if (message instanceof HostMessage.Welcome welcome) {
      welcomed(welcome);
    } else if (message instanceof HostMessage.Refusal refusal) {
      long wait =
          refusal.retryAfterNanos() == 0
              ? settings.backoffMaxNanos()
              : Math.max(refusal.retryAfterNanos(), backoff.nextNanos());
      giveUpAttempt("refused: " + refusal.reason() + ", " + refusal.message(), wait);
    } else {
      giveUpAttempt("goodbye before welcome", backoff.nextNanos());
    }
  }

  private void welcomed(HostMessage.Welcome welcome) {
    Lease lease = new Lease(welcome, helloSentNanos, nowNanos, settings.leaseSafetyNanos());
    if (nowNanos >= lease.accessEndNanos()) {
      giveUpAttempt("welcome came after the end of its lease", backoff.nextNanos());
      return;
    }
    session = new Session(welcome.hostEpoch(), welcome.sessionId(), lease);
    transition(LinkState.ATTACHED, "welcome of " + welcome.hostId());
    effects.add(
        new AgentEffect.SessionOpened(welcome.hostId(), welcome.hostEpoch(), welcome.sessionId()));
    memory.sessionOpened(welcome);
    faults.sessionOpened(welcome.faultCredit());
    for (Mirror mirror : mirrors.all()) {
      outbox.add(mirror.addMessage());
    }
  }

  private void heard(HostMessage message, Session current) {
    boolean expected =
        switch (message) {
          case HostMessage.HeartbeatAck ack -> heartbeatAcknowledged(current.lease(), ack);
          case HostMessage.MirrorAdded added -> desk.added(added);
          case HostMessage.MirrorRefused refused -> desk.refused(refused);
          case HostMessage.MirrorRemoved removed -> desk.removed(removed);
          case HostMessage.FaultReply reply -> faultReplied(reply);
          case Invalidate invalidate -> invalidated(invalidate);
          case HostMessage.SpaceReleased released -> spaceReleased(released.spaceId());
          case HostMessage.OfMemory ofMemory -> memory.heard(ofMemory, nowNanos);
          case HostMessage.Goodbye goodbye -> goodbye(goodbye.reason());
          case HostMessage.Welcome welcome -> false;
          case HostMessage.Refusal refusal -> false;
        };
    if (!expected) {
      counters.add(LinkCounter.LATE_MESSAGES, 1);
    }
  }

  private boolean heartbeatAcknowledged(Lease lease, HostMessage.HeartbeatAck ack) {
    if (!lease.acknowledged(ack.number())) {
      return false;
    }
    counters.add(LinkCounter.HEARTBEATS_ACKNOWLEDGED, 1);
    backoff.reset();
    return true;
  }

  private boolean faultReplied(HostMessage.FaultReply reply) {
    if (faults.reply(reply, nowNanos)) {
      backoff.reset();
    }
    return true;
  }

  private boolean invalidated(Invalidate invalidate) {
    if (mirrors.knowsSpace(invalidate.spaceId())) {
      faults.invalidated(invalidate); // before the drop: a reply that comes next has to see it
    }
    return invalidations.invalidated(invalidate);
  }

  private boolean spaceReleased(long spaceId) {
    desk.spaceReleased(spaceId);
    faults.spaceReleased(spaceId);
    effects.add(new AgentEffect.SpaceGone(spaceId));
    return true;
  }

  private boolean goodbye(String reason) {
    endSession(LinkState.DRAINING, "goodbye: " + reason);
    return true;
  }

  // ---- what the agent's own side says

  private void openMirror(AgentInput.OpenMirror wanted) {
    Mirror opened = desk.open(wanted);
    if (opened != null && session != null) {
      outbox.add(opened.addMessage());
    }
  }

  private void drained(long drainId) {
    switch (drains.end(drainId)) {
      case DrainBook.AckDuty ack ->
          invalidations.acknowledge(ack.deviceIndex(), ack.invalidationIds());
      case DrainBook.MirrorDuty mirror -> {
        AgentMessage.RemoveMirror removal = desk.drained(mirror.mirrorId());
        if (removal != null) {
          outbox.add(removal);
        }
      }
      case DrainBook.SessionDuty() -> everythingDrained();
      case DrainBook.MoveDuty move -> memory.drained(move);
      case DrainBook.NoDuty() -> {}
      case null -> {} // of a session that is over: owed to nobody (INV-10)
    }
  }

  private void everythingDrained() {
    if (!stopping) {
      stateEndNanos = nowNanos + backoff.nextNanos();
      transition(LinkState.BACKOFF, "drained");
      return;
    }
    AgentMessage.Batch farewell = lastWord;
    if (streamOpen && farewell != null) {
      effects.add(new AgentEffect.Send(attempt, farewell));
      closeStream("left");
    }
    transition(LinkState.DISCONNECTED, "left");
  }

  private void flush() {
    if (session == null) {
      return;
    }
    faults.dispatch(nowNanos, outbox);
    if (!outbox.isEmpty()) {
      effects.add(new AgentEffect.Send(attempt, batchOf(session, outbox.take())));
    }
  }

  private static AgentMessage.Batch batchOf(Session session, List<AgentMessage> messages) {
    return new AgentMessage.Batch(session.hostEpoch(), session.sessionId(), messages);
  }
}
