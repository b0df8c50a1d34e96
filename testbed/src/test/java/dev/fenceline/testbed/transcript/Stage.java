package dev.fenceline.testbed.transcript;

import dev.fenceline.agent.engine.AgentEffect;
import dev.fenceline.agent.engine.AgentInput;
import dev.fenceline.agent.engine.FaultOutcome;
import dev.fenceline.agent.engine.HostLinkEngine;
import dev.fenceline.agent.engine.LinkSettings;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.session.LeasePolicy;
import dev.fenceline.host.engine.session.SessionEffect;
import dev.fenceline.host.engine.session.SessionEngine;
import dev.fenceline.host.engine.session.SessionInput;
import dev.fenceline.host.engine.shard.ShardConfig;
import dev.fenceline.host.engine.shard.ShardEffect;
import dev.fenceline.host.engine.shard.ShardEngine;
import dev.fenceline.host.engine.shard.ShardInput;
import dev.fenceline.host.engine.space.FrameSource;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The real engines of one host and its agents on a stage: a script moves each message by hand, and
 * everything that passes is written down. Confined to one test.
 */
final class Stage {
  static final long MS = 1_000_000;
  static final long US = 1_000;
  static final long BASE = 0x7f00_0000_0000L;
  private static final long EPOCH = 42;

  private final StringBuilder text = new StringBuilder();
  private final LeasePolicy leases = new LeasePolicy(100 * MS, 500, 10 * MS, MS, 50 * MS);
  private final SessionEngine sessions = new SessionEngine("host1", EPOCH, leases, 1024);
  private final ShardEngine shard =
      new ShardEngine(ShardConfig.of(0, 1, EPOCH, leases.overdueNanos()), new Frames());
  private final Map<String, Actor> agents = new LinkedHashMap<>();
  private final Map<Long, Actor> bySession = new LinkedHashMap<>();
  private final ArrayDeque<Long> phases = new ArrayDeque<>();
  private long now;
  private long lastRequest;
  private long lastConnection;

  /** Frames in their order. */
  private static final class Frames implements FrameSource {
    private int last;

    @Override
    public int allocate() {
      return ++last;
    }

    @Override
    public void cancel(int frame) {}
  }

  /** One agent with what is under way to and from it. */
  private final class Actor {
    final String name;
    final HostLinkEngine engine;
    final ArrayDeque<HostMessage> toAgent = new ArrayDeque<>();
    final ArrayDeque<AgentMessage.Batch> toHost = new ArrayDeque<>();
    final ArrayDeque<Long> drains = new ArrayDeque<>();
    long attempt;
    long connection;
    long session;

    Actor(String name) {
      this.name = name;
      this.engine =
          new HostLinkEngine(
              LinkSettings.of(name, 99, List.of(new DeviceDescription(0, name + "-gpu0", 1))),
              new SplittableRandom(1));
    }
  }

  String transcript() {
    return text.toString();
  }

  /** A heading in the transcript. */
  void say(String line) {
    text.append("\n# ").append(line).append('\n');
  }

  /** What passed so far is not worth telling. */
  void forget() {
    text.setLength(0);
  }

  /** The newest message to the agent arrives first. */
  void overtake(String name) {
    ArrayDeque<HostMessage> queue = actor(name).toAgent;
    queue.addFirst(queue.removeLast());
  }

  /** A heartbeat there, its answer back. */
  void heartbeat(String name) {
    agentTick(name);
    deliverToHost(name);
    deliverToAgent(name);
  }

  void advance(long nanos) {
    now += nanos;
  }

  /** The agent dials, says Hello, is welcomed and mirrors 16 pages. */
  void attach(String name, long space) {
    Actor actor = agents.computeIfAbsent(name, Actor::new);
    toAgent(actor, new AgentInput.Start());
    deliverToHost(name);
    deliverToAgent(name);
    toAgent(actor, new AgentInput.OpenMirror(1, space, 0, BASE, BASE + 16 * 4096, true));
    deliverToHost(name);
    deliverToAgent(name);
  }

  long createSpace() {
    shard(
        new ShardInput.Submit(
            ++lastRequest,
            new SpaceOperation.Create("demo", NotificationMode.SPLIT),
            WaitPolicy.BLOCK));
    return 1;
  }

  void map(long space, int pages) {
    shard(
        new ShardInput.Submit(
            ++lastRequest,
            new SpaceOperation.Map(
                space,
                BASE,
                pages * 4096L,
                SpaceOperation.Placement.FIXED,
                new SpaceOperation.Region(Protection.READ_WRITE, false, "", 0)),
            WaitPolicy.BLOCK));
  }

  void submit(SpaceOperation operation, WaitPolicy wait) {
    line("caller", "host", describe(operation) + ", " + wait.getClass().getSimpleName());
    shard(new ShardInput.Submit(++lastRequest, operation, wait));
  }

  void fault(String name, long space, long page, int pages, Access access) {
    line(name, "", "unit faults: pages %d..%d %s".formatted(page, page + pages - 1, access));
    toAgent(
        actor(name), new AgentInput.FaultWanted(7, space, 0, (BASE >>> 12) + page, pages, access));
  }

  /** The host's operation goes on with its next phase. */
  void phase(String what) {
    line("host", "", what);
    shard(new ShardInput.Proceed(phases.removeFirst()));
  }

  /** The accesses that the oldest drop of the agent waits for have ended. */
  void drained(String name) {
    line(name, "", "accesses in flight have drained");
    Actor actor = actor(name);
    toAgent(actor, new AgentInput.Drained(actor.drains.removeFirst()));
  }

  /** The next message of each kind of stream arrives; all of them, in their order. */
  void deliverToAgent(String name) {
    Actor actor = actor(name);
    int count = actor.toAgent.size();
    for (int i = 0; i < count; i++) {
      deliverOne(actor);
    }
    toAgent(actor, new AgentInput.Flush());
  }

  private void deliverOne(Actor actor) {
    HostMessage message = actor.toAgent.removeFirst();
    toAgent(
        actor,
        new AgentInput.Received(
            actor.attempt, new HostMessage.Batch(EPOCH, actor.session, List.of(message))));
  }

  void deliverToHost(String name) {
    Actor actor = actor(name);
    toAgent(actor, new AgentInput.Flush());
    while (!actor.toHost.isEmpty()) {
      AgentMessage.Batch batch = actor.toHost.removeFirst();
      batch.messages().forEach(message -> hostReceives(actor, batch, message));
    }
  }

  private void hostReceives(Actor actor, AgentMessage.Batch batch, AgentMessage message) {
    line(actor.name, "host", Words.of(message));
    switch (message) {
      case AgentMessage.Hello hello ->
          session(new SessionInput.HelloReceived(actor.connection, hello));
      case AgentMessage.Heartbeat heartbeat ->
          session(
              new SessionInput.HeartbeatReceived(
                  batch.hostEpoch(), batch.sessionId(), heartbeat.number()));
      case AgentMessage.Leave leave ->
          session(new SessionInput.LeaveReceived(batch.hostEpoch(), batch.sessionId()));
      case AgentMessage.AddMirror m -> fromAgent(batch, m);
      case AgentMessage.RemoveMirror m -> fromAgent(batch, m);
      case AgentMessage.FaultRequest m -> fromAgent(batch, m);
      case AgentMessage.InvalidationAck m -> fromAgent(batch, m);
      case AgentMessage.MigrationReport m -> fromAgent(batch, m);
      case AgentMessage.MigrateRequest m -> fromAgent(batch, m);
      case AgentMessage.EvictRequest m -> fromAgent(batch, m);
      case AgentMessage.CloseDevice m -> fromAgent(batch, m);
    }
  }

  private void fromAgent(AgentMessage.Batch batch, AgentMessage message) {
    shard(new ShardInput.FromAgent(batch.hostEpoch(), batch.sessionId(), message));
  }

  /** The attach stream breaks; both sides notice, everything under way is lost. */
  void breakStream(String name) {
    Actor actor = actor(name);
    line(name, "host", "the stream breaks; what was under way is lost");
    actor.toAgent.clear();
    actor.toHost.clear();
    session(new SessionInput.ConnectionClosed(actor.connection));
    toAgent(actor, new AgentInput.StreamEnded(actor.attempt, "broken"));
  }

  /** Nothing passes any more, and nobody is told. */
  void silence(String name) {
    line(name, "host", "goes silent");
    Actor actor = actor(name);
    actor.toAgent.clear();
    actor.toHost.clear();
  }

  void hostTick() {
    session(new SessionInput.Tick());
    shard(new ShardInput.Tick());
  }

  void agentTick(String name) {
    toAgent(actor(name), new AgentInput.Tick());
  }

  long leaseExpiryNanos() {
    return leases.expiryNanos();
  }

  /** A DMA of the agent's device with the session and generation that it last had. */
  void dma(String name, long space, long page, int generation) {
    Actor actor = actor(name);
    line(
        name,
        "host",
        "DMA read of page %d, session %d, generation %d"
            .formatted(page, actor.session, generation));
    shard(
        new ShardInput.Dma(
            new DmaRequest(
                1,
                EPOCH,
                actor.session,
                space,
                0,
                BASE + page * 4096,
                8,
                DmaRequest.Operation.READ,
                new int[] {generation},
                new byte[0],
                0,
                0)));
  }

  private void session(SessionInput input) {
    for (SessionEffect effect : List.copyOf(sessions.step(now, input))) {
      switch (effect) {
        case SessionEffect.OpenOnShards open ->
            shard(new ShardInput.SessionOpened(open.sessionId(), open.agentId(), open.devices()));
        case SessionEffect.GreetedOnShards greeted ->
            shard(new ShardInput.SessionGreeted(greeted.sessionId(), greeted.hello()));
        case SessionEffect.EndOnShards end -> {
          line("host", "", "session %d ends: %s".formatted(end.sessionId(), end.cause()));
          shard(new ShardInput.SessionEnded(end.sessionId(), end.cause()));
        }
        case SessionEffect.Bind bind -> {
          for (Actor actor : agents.values()) {
            if (actor.connection == bind.connectionId()) {
              actor.session = bind.sessionId();
              bySession.put(bind.sessionId(), actor);
            }
          }
        }
        case SessionEffect.SendOn send ->
            agents.values().stream()
                .filter(actor -> actor.connection == send.connectionId())
                .forEach(actor -> sendTo(actor, send.message()));
        case SessionEffect.Close close -> {}
        case SessionEffect.LateMessage late -> line("host", "", "late message dropped");
        case SessionEffect.Transitioned transitioned -> {}
        case SessionEffect.StandingChanged changed -> {}
        case SessionEffect.PolicySet set -> {}
        case SessionEffect.HelloRefused refused -> {}
      }
    }
  }

  private void shard(ShardInput input) {
    for (ShardEffect effect : List.copyOf(shard.step(now, input))) {
      switch (effect) {
        case ShardEffect.Send send -> {
          Actor actor = bySession.get(send.sessionId());
          if (actor != null) {
            sendTo(actor, send.message());
          }
        }
        case ShardEffect.Broadcast broadcast -> {
          for (long sessionId : broadcast.sessionIds()) {
            Actor actor = bySession.get(sessionId);
            if (actor != null) {
              sendTo(actor, broadcast.message());
            }
          }
        }
        case ShardEffect.ProceedAfter after -> phases.addLast(after.operationId());
        case ShardEffect.OperationEnded end -> ended(end);
        case ShardEffect.FreeFrames free ->
            line("host", "", "frames freed: " + free.frames().length);
        case ShardEffect.FencesOverdue overdue -> {
          line(
              "host",
              "",
              "fences of session %d overdue: %s".formatted(overdue.sessionId(), overdue.overdue()));
          session(new SessionInput.OverdueChanged(0, overdue.sessionId(), overdue.overdue()));
        }
        case ShardEffect.FenceResolved resolved ->
            line(
                "host",
                "",
                "fence of %s resolved: %s"
                    .formatted(
                        resolved
                            .invalidation()
                            .fences()
                            .get(resolved.fenceIndex())
                            .participant()
                            .device(),
                        resolved.invalidation().fences().get(resolved.fenceIndex()).resolution()));
        case ShardEffect.TurnGiven turn -> line("host", "", "the device gets a turn");
        case ShardEffect.Thrashes thrashes -> line("host", "", "a page is wanted back and forth");
        case ShardEffect.HeldForTurn held -> line("host", "", "the operation waits for a turn");
        case ShardEffect.FaultServed served -> {
          if (served.parked()) {
            line("host", "", "the fault waits for the invalidation");
          }
        }
        case ShardEffect.DmaGranted granted -> line("host", "", "DMA granted");
        case ShardEffect.DmaRefused no -> line("host", "", "DMA refused: " + no.outcome());
        case ShardEffect.DiedOwing died ->
            session(new SessionInput.DiedOwing(0, died.sessionId(), died.agentId()));
        case ShardEffect.LateMessage late -> line("host", "", "late message dropped");
        case ShardEffect.ReclaimElsewhere _,
            ShardEffect.Oom _,
            ShardEffect.PinsAskedBack _,
            ShardEffect.PinOverAge _ -> {}
        case ShardEffect.ZeroFrames _, ShardEffect.CopyFrame _, ShardEffect.DropCpuEntries _ -> {}
        case ShardEffect.FillFrame _, ShardEffect.ReadFile _, ShardEffect.WriteFile _ ->
            throw new AssertionError("no files on this stage: " + effect);
        case ShardEffect.WriteSwap _, ShardEffect.ReadSwap _ ->
            throw new AssertionError("no swap on this stage: " + effect);
        case ShardEffect.DropCpuZeroEntries _,
            ShardEffect.CpuFaultEnded _,
            ShardEffect.ForgetSpace _,
            ShardEffect.InvalidationEnded _ -> {}
      }
    }
  }

  private void ended(ShardEffect.OperationEnded end) {
    String words =
        switch (end.outcome()) {
          case OperationOutcome.Done done -> "done";
          case OperationOutcome.BackedOff backedOff -> "backed off";
          case OperationOutcome.Refused refused -> refused.errno() + ": " + refused.message();
        };
    line("host", "caller", words);
  }

  private void sendTo(Actor actor, HostMessage message) {
    line("host", actor.name, Words.of(message));
    actor.toAgent.addLast(message);
  }

  private void toAgent(Actor actor, AgentInput input) {
    for (AgentEffect effect : List.copyOf(actor.engine.step(now, input))) {
      switch (effect) {
        case AgentEffect.Dial dial -> {
          actor.attempt = dial.attempt();
          actor.connection = ++lastConnection;
          toAgent(actor, new AgentInput.StreamOpened(dial.attempt()));
        }
        case AgentEffect.CloseStream close -> {}
        case AgentEffect.Send send -> actor.toHost.addLast(send.batch());
        case AgentEffect.SessionOpened opened -> {}
        case AgentEffect.DropEverything drop -> {
          line(actor.name, "", "drops every entry (" + drop.reason() + ")");
          actor.drains.addLast(drop.drainId());
        }
        case AgentEffect.DropEntries drop -> {
          line(
              actor.name,
              "",
              "clears entries of %s, waits for accesses in flight"
                  .formatted(Words.pages(drop.start(), drop.end())));
          actor.drains.addLast(drop.drainId());
        }
        case AgentEffect.DropStaleEntry drop -> {}
        case AgentEffect.InstallEntries install ->
            line(
                actor.name,
                "",
                "commits: installs page %d, %s"
                    .formatted(install.vpn() - (BASE >>> 12), Words.runs(install.runs())));
        case AgentEffect.FaultDone done ->
            line(
                actor.name,
                "",
                switch (done.outcome()) {
                  case FaultOutcome.Served served -> "fault served";
                  case FaultOutcome.Reported reported -> "snapshot reported";
                  case FaultOutcome.Refused refused -> "fault refused: " + refused.errno();
                });
        case AgentEffect.MirrorOpened opened -> {}
        case AgentEffect.MirrorRefused refused -> line(actor.name, "", "mirror refused");
        case AgentEffect.MirrorClosed closed -> {}
        case AgentEffect.SpaceGone gone -> {}
        case AgentEffect.ZeroPages zero -> throw new AssertionError("no device memory: " + zero);
        case AgentEffect.ServePages serve -> throw new AssertionError("no device memory: " + serve);
        case AgentEffect.CopyPages copy -> throw new AssertionError("no device memory: " + copy);
        case AgentEffect.MakeRoom room -> throw new AssertionError("no device memory: " + room);
        case AgentEffect.MemoryClosed closed -> {}
        case AgentEffect.StateChanged changed ->
            line(actor.name, "", "link " + changed.from() + " -> " + changed.to());
      }
    }
  }

  private Actor actor(String name) {
    Actor actor = agents.get(name);
    if (actor == null) {
      throw new IllegalArgumentException("no agent " + name);
    }
    return actor;
  }

  private static String describe(SpaceOperation operation) {
    return switch (operation) {
      case SpaceOperation.Unmap unmap ->
          "unmap " + Words.pages(unmap.address(), unmap.address() + unmap.length());
      case SpaceOperation.Invalidate invalidate ->
          "invalidate "
              + Words.pages(invalidate.address(), invalidate.address() + invalidate.length());
      default -> operation.getClass().getSimpleName();
    };
  }

  private void line(String from, String to, String what) {
    String who = to.isEmpty() ? from : from + " -> " + to;
    text.append("%9.3f ms  %-14s  %s%n".formatted(now / (double) MS, who, what));
  }
}
