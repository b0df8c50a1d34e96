package dev.fenceline.agent.runtime;

import dev.fenceline.agent.engine.AgentEffect;
import dev.fenceline.agent.engine.AgentInput;
import dev.fenceline.agent.engine.FaultOutcome;
import dev.fenceline.agent.engine.HostLinkEngine;
import dev.fenceline.agent.engine.LinkCounter;
import dev.fenceline.agent.engine.LinkState;
import dev.fenceline.agent.engine.memory.LinkMemory;
import dev.fenceline.concurrent.Mailbox;
import dev.fenceline.concurrent.Transfers;
import dev.fenceline.model.Access;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The link to one host at run time: a mailbox around its engine, its timer, its streams, its mirror
 * tables. Thread-safe; what is marked so is confined to the mailbox.
 *
 * <p>At the end of each turn of the mailbox everything that waits to be said goes out in one batch,
 * if the stream is ready; if not, when it becomes so.
 */
public final class HostLink {
  private static final Logger LOG = LoggerFactory.getLogger(HostLink.class);
  private static final Mailbox.Settings MAILBOX =
      new Mailbox.Settings(65_536, 256, Mailbox.Draining.BY_CALLER);

  /** What the data path needs to know of a session; immutable. */
  record Session(long hostEpoch, long sessionId) {}

  /** How opening or closing a mirror ended; immutable. */
  public sealed interface MirrorOutcome {
    record Opened(int mirrorId, long sequence) implements MirrorOutcome {}

    record Closed() implements MirrorOutcome {}

    record Refused(Errno errno, String message) implements MirrorOutcome {}
  }

  private final String target;
  private final LinkSurroundings around;
  private final HostConnector connector;
  private final HostLinkEngine engine;
  private final Mailbox<AgentInput> mailbox;
  private final Transfers transfers;
  private final LinkMirrors mirrors;
  private final PageMover mover;
  private final PeerMemory peerMemory;
  private final PendingAnswers answers = new PendingAnswers();
  private final AtomicLongArray counters = new AtomicLongArray(LinkCounter.values().length);
  private final Object sessionChanged = new Object();
  private final LinkLog log = new LinkLog();

  /** Of the last stop, or of the one to come; replaced by a start. */
  private volatile CompletableFuture<Void> stopped = new CompletableFuture<>();

  /** One for all drains, so that those which end together are told of together. */
  private final ImitatedDrain.Listener drainListener = this::drained;

  /** True before the first start, and from the end of a stop to the next start. */
  private volatile boolean idle = true;

  // Confined to the mailbox.
  private @Nullable AttachStream stream;
  private @Nullable ScheduledFuture<?> timer;
  private long timerNanos = Long.MAX_VALUE;

  // Published by the mailbox for everybody.
  private volatile @Nullable Session session;
  private volatile long leaseEndNanos = HostLinkEngine.NO_LEASE;
  private volatile LinkState state = LinkState.DISCONNECTED;
  private volatile String hostId = "";
  private volatile int waitingFaults;
  private volatile int heldPages;
  private volatile boolean broken;

  HostLink(
      String target,
      HostConnector connector,
      LinkSurroundings around,
      LinkMemory memory,
      PeerMemory peerMemory,
      SplittableRandom random) {
    this.target = target;
    this.connector = connector;
    this.peerMemory = peerMemory;
    this.around = around;
    this.engine = new HostLinkEngine(around.settings(), memory, random);
    this.transfers = new Transfers(connector::transfer);
    this.mirrors = new LinkMirrors(around.devices(), around.delays());
    this.mover = new PageMover(around.devices(), transfers, peerMemory, this::copied);
    this.mailbox = new Mailbox<>(MAILBOX, around.executor(), this::handle, this::failed);
  }

  // ---- for everybody

  public String target() {
    return target;
  }

  /** As the host named itself in its last Welcome; empty before the first. */
  public String hostId() {
    return hostId;
  }

  public LinkState state() {
    return state;
  }

  public long sessionId() {
    Session current = session;
    return current == null ? 0 : current.sessionId();
  }

  /** Time until all access stops; negative when it has, 0 without a session. */
  public long leaseLeftNanos() {
    long end = leaseEndNanos;
    return end == HostLinkEngine.NO_LEASE ? 0 : end - around.clock().getAsLong();
  }

  public long counter(LinkCounter counter) {
    return counters.get(counter.ordinal());
  }

  public int waitingFaults() {
    return waitingFaults;
  }

  /** Pages in the devices' memory that this host counts on. */
  public int heldPages() {
    return heldPages;
  }

  /** Whether the engine broke an invariant; only a new process helps. */
  public boolean isBroken() {
    return broken;
  }

  public int mailboxDepth() {
    return mailbox.depth();
  }

  public int outstandingTransfers() {
    return transfers.outstanding();
  }

  /** Dials; after a stop that has ended, again. */
  void start() {
    if (stopped.isDone() && !broken) {
      stopped = new CompletableFuture<>();
    }
    idle = false;
    mailbox.submit(new AgentInput.Start());
  }

  /** Dials when the stop that was asked for has ended. */
  void startAgain() {
    if (idle) {
      start();
    } else {
      stopped.thenRunAsync(this::start, around.executor());
    }
  }

  /** Leaves the host in good order; completes when that is done. */
  CompletableFuture<Void> stop() {
    if (idle) {
      return CompletableFuture.completedFuture(null);
    }
    CompletableFuture<Void> stopping = stopped;
    mailbox.submit(new AgentInput.Stop());
    return stopping;
  }

  void close() {
    mailbox.stop();
    connector.close();
  }

  /**
   * Subscribes a device; completes when the host has answered.
   *
   * @param onlyIfNone whether any mirror that the device has on the space will do
   */
  public CompletableFuture<MirrorOutcome> openMirror(
      int deviceIndex, long spaceId, long start, long end, boolean onlyIfNone) {
    return askForMirror(
        ticket -> new AgentInput.OpenMirror(ticket, spaceId, deviceIndex, start, end, onlyIfNone));
  }

  /** Closes every mirror of a device; completes when the host knows of none any more. */
  CompletableFuture<MirrorOutcome> closeDevice(int deviceIndex) {
    return askForMirror(ticket -> new AgentInput.CloseDevice(ticket, deviceIndex));
  }

  public CompletableFuture<MirrorOutcome> closeMirror(int mirrorId) {
    return askForMirror(ticket -> new AgentInput.CloseMirror(ticket, mirrorId));
  }

  private CompletableFuture<MirrorOutcome> askForMirror(
      java.util.function.LongFunction<AgentInput> input) {
    long ticket = answers.ticket();
    CompletableFuture<MirrorOutcome> answer = answers.mirror(ticket);
    Mailbox.Offer offer = mailbox.offer(input.apply(ticket));
    if (offer != Mailbox.Offer.ACCEPTED) {
      answers.mirrorDone(
          ticket, new MirrorOutcome.Refused(Errno.RESOURCE_EXHAUSTED, "the link is " + offer));
    }
    return answer;
  }

  // ---- for the data path

  @Nullable Session session() {
    return session;
  }

  /** Whether an access may begin now. */
  boolean leaseHolds() {
    return around.clock().getAsLong() < leaseEndNanos;
  }

  /** Waits for a session other than {@code old}; false if the time is over first. */
  boolean awaitSession(@Nullable Session old, long deadlineNanos) throws InterruptedException {
    synchronized (sessionChanged) {
      while (session == null || session == old || !leaseHolds()) {
        long left = deadlineNanos - around.clock().getAsLong();
        if (left <= 0) {
          return false;
        }
        TimeUnit.NANOSECONDS.timedWait(sessionChanged, Math.min(left, 20_000_000));
      }
      return true;
    }
  }

  MirrorView view(int deviceIndex, long spaceId) {
    return mirrors.view(deviceIndex, spaceId);
  }

  Transfers transfers() {
    return transfers;
  }

  LongSupplier clock() {
    return around.clock();
  }

  AgentObserver observer() {
    return around.observer();
  }

  /** A fault that was taken in: its ticket, and how it ends. Immutable. */
  record PendingFault(long ticket, CompletableFuture<FaultOutcome> outcome) {}

  /** Asks for translations; {@code collisions}: so often they came and were gone unused. */
  PendingFault fault(
      int deviceIndex, long spaceId, long vpn, int pageCount, Access access, int collisions) {
    long ticket = answers.ticket();
    CompletableFuture<FaultOutcome> outcome = answers.fault(ticket);
    Mailbox.Offer offer =
        mailbox.offer(
            new AgentInput.FaultWanted(
                ticket, spaceId, deviceIndex, vpn, pageCount, access, collisions));
    if (offer != Mailbox.Offer.ACCEPTED) {
      answers.faultDone(
          ticket,
          new FaultOutcome.Refused(
              Errno.RESOURCE_EXHAUSTED, "the link's mailbox is " + offer, Pages.address(vpn)));
    }
    return new PendingFault(ticket, outcome);
  }

  void abandon(PendingFault fault) {
    answers.forgetFault(fault.ticket());
    mailbox.submit(new AgentInput.FaultAbandoned(fault.ticket()));
  }

  /** What the memory of a device wants of the host, or has to say. */
  void tell(AgentInput.OfMemory input) {
    mailbox.submit(input);
  }

  /** Brings home what a device holds; completes with the number of pages that stayed. */
  CompletableFuture<Integer> closeMemory(int deviceIndex) {
    long ticket = answers.ticket();
    CompletableFuture<Integer> answer = answers.closing(ticket);
    mailbox.submit(new AgentInput.CloseMemory(ticket, deviceIndex));
    return answer;
  }

  /** Told later if the device is ordered to be slow at it. */
  private void copied(Device device, long copyId, boolean done) {
    AgentInput told = new AgentInput.PagesCopied(copyId, done);
    long delay = device.memory().injection().copyDelayNanos();
    if (delay == 0) {
      mailbox.submit(told);
    } else {
      around.executor().schedule(() -> mailbox.submit(told), delay, TimeUnit.NANOSECONDS);
    }
  }

  /** A fault that nobody waits for: its translations are wanted later, if need be by a mirror. */
  void faultAside(int deviceIndex, long spaceId, long vpn, int pageCount, Access access) {
    AgentInput.FaultWanted wanted =
        new AgentInput.FaultWanted(answers.ticket(), spaceId, deviceIndex, vpn, pageCount, access);
    mailbox.offer(new AgentInput.FaultAside(wanted));
  }

  PeerBook peers() {
    return mirrors.peers();
  }

  PeerMemory peerMemory() {
    return peerMemory;
  }

  void entryStale(int deviceIndex, long spaceId, long vpn, int generation) {
    mailbox.submit(new AgentInput.EntryStale(spaceId, deviceIndex, vpn, generation));
  }

  // ---- the mailbox's handler: one input at a time

  private void handle(AgentInput input) {
    if (input instanceof AgentInput.Tick) {
      timerNanos = Long.MAX_VALUE;
    }
    perform(engine.step(around.clock().getAsLong(), input));
    if (mailbox.depth() <= 1) {
      endTurn();
    }
  }

  /**
   * A broken invariant: what the engine believes and what was done may differ, so all access ends
   * here. The host's side of it resolves with the lease.
   */
  private void failed(AgentInput input, Throwable failure) {
    LOG.error("{}: the link is broken and stops; it could not handle {}", target, input, failure);
    broken = true;
    session = null;
    leaseEndNanos = HostLinkEngine.NO_LEASE;
    mailbox.stop();
    transfers.endSession();
    closeStream("the link is broken");
    answers.refuseAll("the link is broken", engine.heldPages());
    stopped.complete(null);
  }

  private void endTurn() {
    AttachStream current = stream;
    if (current != null && current.isReady()) {
      perform(engine.step(around.clock().getAsLong(), new AgentInput.Flush()));
    }
    waitingFaults = engine.waitingFaults();
    heldPages = engine.heldPages();
    for (LinkCounter counter : LinkCounter.values()) {
      counters.lazySet(counter.ordinal(), engine.counter(counter));
    }
    armTimer();
  }

  /** A timer that fires too early finds nothing to do and is armed again. */
  private void armTimer() {
    long due = engine.nextDeadlineNanos();
    if (due == Long.MAX_VALUE || due >= timerNanos) {
      return;
    }
    if (timer != null) {
      timer.cancel(false);
    }
    timerNanos = due;
    long delay = Math.max(0, due - around.clock().getAsLong());
    timer =
        around
            .executor()
            .schedule(() -> mailbox.submit(new AgentInput.Tick()), delay, TimeUnit.NANOSECONDS);
  }

  private void perform(List<AgentEffect> effects) {
    for (AgentEffect effect : effects) {
      perform(effect);
    }
    leaseEndNanos = engine.leaseEndNanos();
    mirrors.turnOver();
  }

  private void perform(AgentEffect effect) {
    switch (effect) {
      case AgentEffect.Dial dial -> dial(dial.attempt());
      case AgentEffect.CloseStream close -> closeStream(close.reason());
      case AgentEffect.Send send -> send(send);
      case AgentEffect.SessionOpened opened -> sessionOpened(opened);
      case AgentEffect.DropEverything drop -> dropEverything(drop);
      case AgentEffect.DropEntries drop -> dropEntries(drop);
      case AgentEffect.DropStaleEntry stale ->
          view(stale.deviceIndex(), stale.spaceId()).dropStale(stale.vpn(), stale.generation());
      case AgentEffect.InstallEntries install ->
          view(install.deviceIndex(), install.spaceId()).install(install.vpn(), install.runs());
      case AgentEffect.FaultDone done -> answers.faultDone(done.ticket(), done.outcome());
      case AgentEffect.MirrorOpened opened ->
          answers.mirrorDone(
              opened.ticket(), new MirrorOutcome.Opened(opened.mirrorId(), opened.sequence()));
      case AgentEffect.MirrorRefused refused ->
          answers.mirrorDone(
              refused.ticket(), new MirrorOutcome.Refused(refused.errno(), refused.message()));
      case AgentEffect.MirrorClosed closed ->
          answers.mirrorDone(closed.ticket(), new MirrorOutcome.Closed());
      case AgentEffect.SpaceGone gone -> mirrors.forget(gone.spaceId());
      case AgentEffect.ZeroPages zero ->
          around.devices().get(zero.deviceIndex()).memory().zero(zero.localPages());
      case AgentEffect.ServePages serve -> mirrors.serve(serve);
      case AgentEffect.CopyPages copy -> mover.begin(copy.copyId(), copy.copy(), session);
      case AgentEffect.MakeRoom room ->
          around.rooms().makeRoom(room.deviceIndex(), room.missingPages());
      case AgentEffect.MemoryClosed closed ->
          answers.closed(closed.ticket(), closed.remainingPages());
      case AgentEffect.StateChanged changed -> stateChanged(changed);
    }
  }

  private void stateChanged(AgentEffect.StateChanged changed) {
    log.changed(target, changed);
    state = changed.to();
    around.observer().linkStateChanged(this, changed.to(), changed.reason());
    if (changed.to() == LinkState.DISCONNECTED) {
      idle = true;
      stopped.complete(null);
    }
  }

  private void dial(long attempt) {
    stream = connector.attach(new StreamEvents(attempt, mailbox));
  }

  private void closeStream(String reason) {
    AttachStream current = stream;
    stream = null;
    if (current != null) {
      current.close(reason);
    }
  }

  private void send(AgentEffect.Send send) {
    AttachStream current = stream;
    if (current != null) {
      current.send(send.batch());
    }
  }

  private void sessionOpened(AgentEffect.SessionOpened opened) {
    hostId = opened.hostId();
    leaseEndNanos = engine.leaseEndNanos();
    transfers.beginSession(opened.sessionId());
    peerMemory.beginSession(opened.hostId(), opened.sessionId());
    String sessionId = "%016x".formatted(opened.sessionId());
    LOG.atInfo()
        .addKeyValue("agentId", around.settings().agentId())
        .addKeyValue("hostId", opened.hostId())
        .addKeyValue("sessionId", sessionId)
        .log("{}: session {} with host {}", target, sessionId, opened.hostId());
    synchronized (sessionChanged) {
      session = new Session(opened.hostEpoch(), opened.sessionId());
      sessionChanged.notifyAll();
    }
  }

  private void dropEverything(AgentEffect.DropEverything drop) {
    session = null;
    leaseEndNanos = HostLinkEngine.NO_LEASE;
    peerMemory.endSession();
    transfers.endSession(); // whoever waits for a reply inside an access goes on, and withdraws
    mirrors.dropEverything(
        drop,
        around.clock().getAsLong(),
        () -> mailbox.submit(new AgentInput.Drained(drop.drainId())));
  }

  private void dropEntries(AgentEffect.DropEntries drop) {
    mirrors.drop(drop, around.clock().getAsLong(), drainListener);
  }

  /** What ended together is taken in together, and its acknowledgements leave in one message. */
  private void drained(List<ImitatedDrain> drains) {
    long now = around.clock().getAsLong();
    drains.forEach(drain -> around.observer().drained(drain.device(), now - drain.beganNanos()));
    mailbox.submit(new AgentInput.Drained(drains.stream().map(ImitatedDrain::drainId).toList()));
  }
}
