package dev.fenceline.testbed.sim;

import dev.fenceline.agent.engine.AgentEffect;
import dev.fenceline.agent.engine.AgentInput;
import dev.fenceline.agent.engine.HostLinkEngine;
import dev.fenceline.agent.engine.LinkCounter;
import dev.fenceline.agent.engine.LinkSettings;
import dev.fenceline.agent.engine.LinkState;
import dev.fenceline.agent.engine.memory.LinkMemory;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.Pages;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * One start of an agent's process: the real link engine, and devices that drain and compute.
 * Confined to the event loop.
 */
final class SimAgent extends SimProcess {
  private static final long MILLI = SimSettings.MILLI;
  private static final long LEASE_SAFETY_NANOS = MILLI;
  private static final long BRING_HOME_NANOS = 30 * MILLI;

  private final SimWorld world;
  private final int index;
  private final SplittableRandom random;
  private final SimMemories memories;
  private final long bootToken;
  private final HostLinkEngine engine;
  private final List<SimDevice> devices = new ArrayList<>();
  private final ArrayDeque<AgentInput> inbox = new ArrayDeque<>();
  private final AgentFaults faults;

  private final AgentMirrors mirrors;
  private final SimPeers peers = new SimPeers();
  private final SimPeerDesk peerDesk;
  private final UncheckedInstalls unchecked = new UncheckedInstalls(this);
  private final UncheckedMigrations uncheckedMigrations;
  private @Nullable Connection connection;
  private boolean stepping;
  private boolean flushPlanned;
  private boolean sessionUsable;
  private boolean started;
  private boolean gone;
  private boolean stopped;

  /** Devices whose memory has not come home. */
  private int closing;

  private @Nullable Runnable exited;
  private long dialed;
  private long sessionId;
  private long hostEpoch;
  private long timerAtNanos = Long.MAX_VALUE;

  SimAgent(SimWorld world, int index, SplittableRandom random) {
    super(
        world.loop,
        "agent-" + index,
        world.settings.clockRate(random),
        1 + random.nextInt(1_000_000_000));
    this.world = world;
    this.index = index;
    this.random = random;
    List<DeviceDescription> descriptions = new ArrayList<>();
    for (int i = 0; i < world.settings.devicesPerAgent(); i++) {
      descriptions.add(
          new DeviceDescription(
              i,
              "device-" + i,
              world.settings.unitsPerDevice(),
              world.settings.memoryPages(),
              world.settings.ownerGroup(),
              i == 0 && world.settings.coherent()));
      devices.add(new SimDevice(world, this, i, random.split()));
    }
    this.memories =
        new SimMemories(
            world,
            this,
            descriptions.size(),
            world.settings.memoryPages(),
            world.settings.memoryRandom(index));
    this.bootToken = LinkSettings.bootToken(world.nextId(), random.nextInt(1 << 20));
    this.engine =
        new HostLinkEngine(
            new LinkSettings(
                agentId(),
                bootToken,
                descriptions,
                LEASE_SAFETY_NANOS,
                10 * MILLI,
                MILLI / 2,
                8 * MILLI,
                MILLI / 10,
                2 * MILLI,
                64,
                64),
            new LinkMemory(memories, agentId(), world.settings.migration()),
            random.split());
    this.uncheckedMigrations = new UncheckedMigrations(this);
    this.faults = new AgentFaults(world, this);
    this.mirrors = new AgentMirrors(world, this, random);
    this.peerDesk = new SimPeerDesk(world, this, world.settings.memoryRandom(64 + index));
  }

  int index() {
    return index;
  }

  String agentId() {
    return "agent-" + index;
  }

  List<SimDevice> devices() {
    return devices;
  }

  AgentMirrors mirrors() {
    return mirrors;
  }

  AgentFaults faults() {
    return faults;
  }

  SimPeers peers() {
    return peers;
  }

  SimPeerDesk peerDesk() {
    return peerDesk;
  }

  long bootToken() {
    return bootToken;
  }

  SimMemories memories() {
    return memories;
  }

  HostLinkEngine engine() {
    return engine;
  }

  long sessionId() {
    return sessionId;
  }

  /** Epoch of the host that it is, or was last, attached to. */
  long hostEpoch() {
    return hostEpoch;
  }

  /** Begins to work; it dials once it knows of a host. */
  void start() {
    devices.forEach(device -> device.units().forEach(SimUnit::start));
    mirrors.start();
  }

  /** The host is named to it, by its configuration or by the coordinator. */
  void hostKnown() {
    if (!started) {
      started = true;
      step(new AgentInput.Start());
    }
  }

  void goForGood() {
    gone = true;
    crash(true);
  }

  boolean gone() {
    return gone;
  }

  /** Leaves the host in good order, then its process ends. */
  void leave(Runnable whenExited) {
    exited = whenExited;
    memories.close();
    if (engine.heldPages() > 0 && engine.state() == LinkState.ATTACHED) {
      closing = devices.size();
      devices.forEach(device -> step(new AgentInput.CloseMemory(world.nextId(), device.index())));
      after(BRING_HOME_NANOS, "time to bring home is over", this::stop);
    } else {
      stop();
    }
  }

  private void memoryClosed() {
    if (--closing == 0) {
      after(0, "nothing is held", this::stop);
    }
  }

  private void stop() {
    if (stopped) {
      return;
    }
    stopped = true;
    step(new AgentInput.Stop());
    if (engine.state() == LinkState.DISCONNECTED) {
      exit(); // it had never dialled
    }
  }

  private void exit() {
    Runnable then = exited;
    if (alive() && then != null) {
      exited = null;
      crash(false);
      then.run();
    }
  }

  void crash(boolean noticedLate) {
    die();
    world.monitor.died(this);
    devices.forEach(device -> device.units().forEach(SimUnit::died));
    world.network.agentDied(this, noticedLate);
  }

  // ---- what units ask

  /** Whether the process believes that it may access what that session gave it. */
  boolean mayAccess(long epoch, long session) {
    return engine.sessionId() == session
        && engine.hostEpoch() == epoch
        && clockNanos() < engine.leaseEndNanos();
  }

  boolean mayBegin(long epoch) {
    if (world.broken(Breakage.NO_SELF_FENCE)) {
      return hostEpoch == epoch && sessionId != 0;
    }
    return sessionUsable && epoch == hostEpoch && mayAccess(hostEpoch, sessionId);
  }

  boolean frozenBetweenCheckAndDma(SplittableRandom chooser) {
    if (chooser.nextInt(250) != 0) {
      return false;
    }
    freeze(chooser.nextInt((int) (60 * MILLI)));
    return true;
  }

  boolean idle() {
    return faults.idle()
        && engine.drainsUnderWay() == 0
        && devices.stream()
            .allMatch(
                device ->
                    device.programs().idle() && device.units().stream().allMatch(SimUnit::idle));
  }

  // ---- the stream

  private void dial(long attempt) {
    dialed = attempt;
    world.network.dial(this, attempt);
  }

  void streamOpened(long attempt, Connection opened) {
    if (attempt == dialed) {
      connection = opened;
    } else {
      opened.endByAgent(); // it took so long that another attempt has begun
    }
    step(new AgentInput.StreamOpened(attempt));
  }

  /** Something on a stream could not be decoded: it is closed, as one that broke. */
  void undecodable(long attempt) {
    world.count(Sometimes.CORRUPTED_AT_AGENT);
    step(new AgentInput.StreamEnded(attempt, "malformed message from the host"));
  }

  void streamEnded(long attempt) {
    step(new AgentInput.StreamEnded(attempt, "broken"));
  }

  void received(long attempt, HostMessage.Batch batch) {
    List<HostMessage> now = new ArrayList<>(batch.messages());
    for (HostMessage message : batch.messages()) {
      if (message instanceof HostMessage.FaultReply && random.nextInt(4) == 0) {
        // Translations are prepared aside; whatever comes meanwhile overtakes them (INV-5).
        now.remove(message);
        var later = new HostMessage.Batch(batch.hostEpoch(), batch.sessionId(), List.of(message));
        after(random.nextInt(600_000), "reply prepared", () -> take(attempt, later));
      }
    }
    if (now.stream().anyMatch(HostMessage.Invalidate.class::isInstance)) {
      // One by one, so that the monitor knows what was heard before what.
      for (HostMessage message : now) {
        if (batch.sessionId() == engine.sessionId() && batch.hostEpoch() == engine.hostEpoch()) {
          world.monitor.heard(batch, message);
        }
        take(
            attempt, new HostMessage.Batch(batch.hostEpoch(), batch.sessionId(), List.of(message)));
      }
    } else {
      take(attempt, new HostMessage.Batch(batch.hostEpoch(), batch.sessionId(), now));
    }
  }

  private void take(long attempt, HostMessage.Batch batch) {
    if (world.broken(Breakage.INSTALL_WITHOUT_SEQUENCE_CHECK)) {
      unchecked.install(batch);
    }
    step(new AgentInput.Received(attempt, batch));
    if (world.broken(Breakage.MIGRATED_PAGE_MAPPED_UNCHECKED)) {
      uncheckedMigrations.heard(batch);
    }
  }

  // ---- the engine

  void step(AgentInput input) {
    inbox.addLast(input);
    if (stepping) {
      return;
    }
    stepping = true;
    for (AgentInput next = inbox.pollFirst(); next != null; next = inbox.pollFirst()) {
      stepOnce(next);
    }
    stepping = false;
    planTimer();
  }

  private void stepOnce(AgentInput input) {
    world.trace(name(), input);
    long late = engine.counter(LinkCounter.LATE_MESSAGES);
    long collisions = engine.counter(LinkCounter.COLLISIONS);
    long givenUp = engine.counter(LinkCounter.MIGRATIONS_GIVEN_UP);
    List<AgentEffect> effects = engine.step(clockNanos(), input);
    for (AgentEffect effect : effects) {
      world.trace(name() + "   ->", effect);
      carryOut(effect);
    }
    world.loop.mix(effects.size());
    if (engine.counter(LinkCounter.LATE_MESSAGES) > late) {
      world.count(Sometimes.LATE_MESSAGE_AT_AGENT);
    }
    if (engine.counter(LinkCounter.COLLISIONS) > collisions) {
      world.count(Sometimes.COLLISION_RETRY);
    }
    if (engine.counter(LinkCounter.MIGRATIONS_GIVEN_UP) > givenUp) {
      world.count(Sometimes.MIGRATION_GIVEN_UP);
    }
    memories.mapped(input, effects);
    if (!(input instanceof AgentInput.Flush)) {
      planFlush();
    }
  }

  private void planFlush() {
    if (flushPlanned || engine.state() != LinkState.ATTACHED) {
      return;
    }
    if (random.nextInt(3) > 0) {
      inbox.addLast(new AgentInput.Flush());
      return;
    }
    flushPlanned = true;
    after(
        random.nextInt(30_000),
        "flush",
        () -> {
          flushPlanned = false;
          step(new AgentInput.Flush());
        });
  }

  private void carryOut(AgentEffect effect) {
    switch (effect) {
      case AgentEffect.Dial dial -> dial(dial.attempt());
      case AgentEffect.CloseStream close -> {
        if (connection != null) {
          connection.endByAgent();
          connection = null;
        }
      }
      case AgentEffect.Send send -> {
        if (world.broken(Breakage.INSTALL_WITHOUT_SEQUENCE_CHECK)) {
          unchecked.asked(send.batch());
        }
        uncheckedMigrations.said(send.batch());
        if (connection != null) {
          connection.sendUp(send.batch());
        }
      }
      case AgentEffect.SessionOpened opened -> {
        sessionId = opened.sessionId();
        hostEpoch = opened.hostEpoch();
        sessionUsable = true;
      }
      case AgentEffect.DropEverything drop -> dropEverything(drop);
      case AgentEffect.DropEntries drop ->
          devices
              .get(drop.deviceIndex())
              .drop(
                  drop.spaceId(),
                  Pages.number(drop.start()),
                  Pages.number(drop.end()),
                  () -> drained(drop.drainId()));
      case AgentEffect.DropStaleEntry drop ->
          devices.get(drop.deviceIndex()).dropStale(drop.spaceId(), drop.vpn(), drop.generation());
      case AgentEffect.InstallEntries install ->
          devices
              .get(install.deviceIndex())
              .install(
                  new SimSpace(hostEpoch, install.spaceId()),
                  sessionId,
                  install.vpn(),
                  install.runs());
      case AgentEffect.FaultDone done -> faults.done(done);
      case AgentEffect.MirrorOpened opened -> mirrors.opened(opened.ticket(), opened.mirrorId());
      case AgentEffect.MirrorRefused refused -> mirrors.refused(refused.ticket());
      case AgentEffect.MirrorClosed closed -> mirrors.closed(closed.mirrorId());
      case AgentEffect.SpaceGone gone -> mirrors.spaceGone(gone.spaceId());
      case AgentEffect.ZeroPages zero -> memories.of(zero.deviceIndex()).zero(zero.localPages());
      case AgentEffect.ServePages serve -> peerDesk.serve(serve);
      case AgentEffect.CopyPages copy -> memories.copy(copy.copyId(), copy.copy());
      case AgentEffect.MakeRoom room -> memories.makeRoom(room.deviceIndex(), room.missingPages());
      case AgentEffect.MemoryClosed closed -> memoryClosed();
      case AgentEffect.StateChanged changed -> stateChanged(changed.to());
    }
  }

  private void stateChanged(LinkState now) {
    if (now == LinkState.FENCED) {
      world.count(Sometimes.SELF_FENCED);
    } else if (now == LinkState.DISCONNECTED && exited != null) {
      after(1 + random.nextInt(20_000), "process ends", this::exit);
    }
  }

  private void drained(long drainId) {
    long delay =
        random.nextInt(15) == 0 ? random.nextInt((int) (3 * MILLI)) : random.nextInt(4_000);
    after(delay, "drained", () -> step(new AgentInput.Drained(drainId)));
  }

  private void dropEverything(AgentEffect.DropEverything drop) {
    sessionUsable = false;
    if (world.broken(Breakage.HELLO_BEFORE_DRAIN)) {
      devices.forEach(device -> device.forEachTable((space, table) -> table.clear(0, 1L << 35)));
      drained(drop.drainId());
      return;
    }
    int[] left = {1};
    Runnable one =
        () -> {
          if (--left[0] == 0) {
            drained(drop.drainId());
          }
        };
    for (SimDevice device : devices) {
      left[0] += device.tableCount();
      device.dropAll(one);
    }
    one.run();
  }

  private void planTimer() {
    long deadline = engine.nextDeadlineNanos();
    if (deadline == Long.MAX_VALUE) {
      return;
    }
    long at = world.loop.nowNanos() + delayUntil(deadline);
    if (at < timerAtNanos) {
      timerAtNanos = at;
      after(
          at - world.loop.nowNanos() + random.nextInt(SimSettings.TIMER_LATENESS_NANOS),
          "agent timer",
          this::timer);
    }
  }

  private void timer() {
    timerAtNanos = Long.MAX_VALUE;
    if (clockNanos() >= engine.nextDeadlineNanos()) {
      step(new AgentInput.Tick());
    }
    planTimer();
  }
}
