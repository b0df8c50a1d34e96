package dev.fenceline.testbed.sim;

import dev.fenceline.coordinator.engine.graph.DeadlockBook;
import dev.fenceline.coordinator.engine.graph.Remedy;
import dev.fenceline.coordinator.engine.graph.WaitGraphBuilder;
import dev.fenceline.coordinator.engine.query.Fault;
import dev.fenceline.coordinator.engine.query.Invalidation;
import dev.fenceline.coordinator.engine.query.Program;
import dev.fenceline.host.engine.invalidation.Fence;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.List;

/**
 * The coordinator's look at who waits for whom: hosts and agents are asked over the network, each
 * answers of another moment, and the real engine finds circles and says how to break them. Confined
 * to the event loop.
 */
final class SimDeadlocks {
  private static final long LOOK_NANOS = SimSettings.MILLI;

  /** Who has not answered by then is left out of a look. */
  private static final long ANSWERS_NANOS = SimSettings.MILLI;

  /** How long a circle may stand while nothing is broken: two looks, the remedy, and one more. */
  private static final long CIRCLE_MILLIS = 12;

  /**
   * The same where a fence of it is of an invalidation that tells one device after another: a
   * preempted program takes its page again through the translation that its device was not told to
   * drop yet, until its turn comes.
   */
  private static final long SEQUENTIAL_CIRCLE_MILLIS = 40;

  private static final int MAX_FAULTS = 1_000;

  private final SimWorld world;
  private final SimCoordinator coordinator;
  private final DeadlockBook book = new DeadlockBook();

  SimDeadlocks(SimWorld world, SimCoordinator coordinator) {
    this.world = world;
    this.coordinator = coordinator;
  }

  void start() {
    coordinator.after(LOOK_NANOS, "look for circles", this::look);
  }

  private void look() {
    List<WaitGraphBuilder.HostPart> hosts = new ArrayList<>();
    List<WaitGraphBuilder.AgentPart> agents = new ArrayList<>();
    SimHost host = world.host;
    if (host != null && host.alive()) {
      ask(host, () -> hosts.add(part(host)));
    }
    for (SimAgent agent : world.agents) {
      if (agent.alive()) {
        ask(agent, () -> agents.add(part(agent)));
      }
    }
    coordinator.after(ANSWERS_NANOS, "answers are in", () -> looked(hosts, agents));
  }

  /** The answer is of the moment in which the question arrived, and some come too late. */
  private void ask(SimProcess node, Runnable answer) {
    if (world.network.delay() < ANSWERS_NANOS) {
      node.after(world.network.delay(), "who waits", answer);
    }
  }

  private void looked(
      List<WaitGraphBuilder.HostPart> hosts, List<WaitGraphBuilder.AgentPart> agents) {
    var graph =
        WaitGraphBuilder.build(
            millis(world.loop.nowNanos()), List.copyOf(hosts), List.copyOf(agents));
    DeadlockBook.Look look =
        book.look(
            millis(world.loop.nowNanos()), graph, !world.broken(Breakage.DEADLOCKS_NOT_BROKEN));
    look.found().forEach(deadlock -> world.count(Sometimes.DEADLOCK_FOUND));
    book.deadlocks().forEach(this::requireBroken);
    for (DeadlockBook.Deadlock deadlock : look.toBreak()) {
      world.trace("coordinator", deadlock);
      world.loop.after(world.network.delay(), "remedy", () -> apply(deadlock.remedy()));
    }
    start();
  }

  /** INV-9: a circle does not stand until a lease ends it. */
  private void requireBroken(DeadlockBook.Deadlock deadlock) {
    long stands = deadlock.lastSeenMillis() - deadlock.firstSeenMillis();
    if (deadlock.state() == DeadlockBook.State.STANDING
        && stands > (isSequential(deadlock) ? SEQUENTIAL_CIRCLE_MILLIS : CIRCLE_MILLIS)
        && world.settled(deadlock.firstSeenMillis() * 1_000_000)) {
      throw new InvariantViolation(
          "INV-9", "a circle of waits stands for %d ms: %s".formatted(stands, deadlock.why()));
    }
  }

  private boolean isSequential(DeadlockBook.Deadlock deadlock) {
    SimHost host = world.host;
    if (host == null) {
      return false;
    }
    for (HostShard shard : host.shards()) {
      for (var live : shard.engine().queries().live()) {
        if (live.mode() == NotificationMode.SEQUENTIAL
            && deadlock.nodeIds().contains("fence:" + host.name() + "." + live.id())) {
          return true;
        }
      }
    }
    return false;
  }

  private void apply(@org.jspecify.annotations.Nullable Remedy remedy) {
    switch (remedy) {
      case Remedy.PreemptProgram preempt -> {
        for (SimAgent agent : world.agents) {
          if (agent.agentId().equals(preempt.agentId())) {
            agent.devices().forEach(device -> device.programs().preempt(preempt.number()));
          }
        }
      }
      case Remedy.BackOff backOff -> {
        SimHost host = world.host;
        if (host != null && host.alive() && host.name().equals(backOff.hostId())) {
          world.count(Sometimes.DEADLOCK_BACKED_OFF);
          host.after(1, "back off", () -> host.backOff(backOff.invalidationId()));
        }
      }
      case null -> {}
    }
  }

  private static long millis(long nanos) {
    return nanos / 1_000_000;
  }

  private WaitGraphBuilder.AgentPart part(SimAgent agent) {
    List<Program> programs = new ArrayList<>();
    for (SimDevice device : agent.devices()) {
      Program told = device.programs().told("host#" + agent.hostEpoch());
      if (told != null) {
        programs.add(told);
      }
    }
    return new WaitGraphBuilder.AgentPart(agent.agentId(), programs);
  }

  private WaitGraphBuilder.HostPart part(SimHost host) {
    List<Invalidation> invalidations = new ArrayList<>();
    List<Fault> faults = new ArrayList<>();
    for (HostShard shard : host.shards()) {
      var queries = shard.engine().queries();
      queries.live().forEach(live -> invalidations.add(told(live)));
      queries
          .faults(0, MAX_FAULTS)
          .forEach(
              waiting ->
                  faults.add(
                      new Fault(
                          waiting.device().device(),
                          "",
                          waiting.space().id(),
                          waiting.address(),
                          waiting.pageCount(),
                          waiting.write(),
                          0,
                          waiting.invalidationId())));
    }
    return new WaitGraphBuilder.HostPart(host.name(), invalidations, faults);
  }

  private Invalidation told(dev.fenceline.host.engine.invalidation.Invalidation live) {
    List<Invalidation.Fence> fences = new ArrayList<>();
    for (Fence fence : live.fences()) {
      fences.add(
          new Invalidation.Fence(fence.participant().device(), "", fence.resolution(), 0, ""));
    }
    return new Invalidation(
        live.id(),
        live.spaceId(),
        Pages.address(live.vpnStart()),
        Pages.address(live.vpnEnd()),
        live.kind(),
        live.mode(),
        switch (live.state()) {
          case SCHEDULED, UNMAPPED -> Invalidation.State.SCHEDULED;
          case WAITING -> Invalidation.State.WAITING;
          case COMPLETED -> Invalidation.State.COMPLETED;
          case BACKED_OFF -> Invalidation.State.BACKED_OFF;
        },
        live.sequence(),
        millis(world.loop.nowNanos()),
        0,
        0,
        0,
        fences);
  }
}
