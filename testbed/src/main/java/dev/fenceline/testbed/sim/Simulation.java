package dev.fenceline.testbed.sim;

import dev.fenceline.agent.engine.LinkState;
import dev.fenceline.testbed.check.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * One run from one seed: a safety phase under faults, then a healing phase that demands progress.
 * Confined to the thread that runs it.
 */
public final class Simulation {
  private static final int FRAME_CHECK_EVENTS = 1024;

  private final long seed;
  private final SimWorld world;
  private final Population population;
  private final StateCheck states;
  private final @Nullable StringBuilder trace;

  private Simulation(
      long seed, Breakage breakage, EventLoop.@Nullable Observer observer, boolean traced) {
    this.seed = seed;
    // Each component draws from a generator of its own, so that one draw more in one does not
    // shift the others.
    SplittableRandom root = new SplittableRandom(seed);
    SimSettings settings = SimSettings.draw(root.split());
    this.trace = traced ? new StringBuilder() : null;
    EventLoop loop = new EventLoop(root.split(), observer, trace);
    this.world = new SimWorld(settings, breakage, loop, root.split());
    this.population = new Population(world, root.split());
    this.states = new StateCheck(world);
    population.start();
    world.programs.start();
    new FaultInjector(world, population, root.split()).start();
  }

  /** Runs a seed of the correct protocol. */
  public static SeedResult run(long seed) {
    return run(seed, Breakage.NONE);
  }

  public static SeedResult run(long seed, Breakage breakage) {
    return new Simulation(seed, breakage, null, false).run();
  }

  /** Runs a seed with a log of all events in the result. */
  public static SeedResult traced(long seed, Breakage breakage) {
    return new Simulation(seed, breakage, null, true).run();
  }

  /** Runs a seed and tells the hash after each event, for comparison with another run. */
  public static SeedResult observed(long seed, java.util.function.LongConsumer hashes) {
    EventLoop.Observer observer = (time, label, hash) -> hashes.accept(hash);
    return new Simulation(seed, Breakage.NONE, observer, false).run();
  }

  private SeedResult run() {
    @Nullable String violation = null;
    try {
      runUntil(SimSettings.SAFETY_NANOS);
      heal();
      judge();
    } catch (InvariantViolation e) {
      violation = e.getMessage();
    } catch (RuntimeException e) {
      StackTraceElement at = e.getStackTrace().length > 0 ? e.getStackTrace()[0] : null;
      violation = "an engine gave up: " + e + (at == null ? "" : " at " + at);
    }
    return new SeedResult(
        seed,
        violation,
        world.loop.hash(),
        world.loop.happened(),
        world.faultsInjected,
        world.dataOperations,
        world.spaceOperations,
        world.monitor.invalidations(),
        world.monitor.fences(),
        world.monitor.worstFenceNanos(),
        world.counters().clone(),
        trace == null ? "" : trace.toString());
  }

  private void runUntil(long untilNanos) {
    long checked = world.loop.happened();
    while (world.loop.step(untilNanos)) {
      if (world.loop.happened() - checked >= FRAME_CHECK_EVENTS) {
        checked = world.loop.happened();
        frameCheck();
        states.holders();
      }
    }
  }

  private void frameCheck() {
    if (!world.broken(Breakage.FRAMES_FREED_AT_UNMAP)) {
      states.frames();
    }
  }

  /** Faults stop; everything must be served again; then everybody comes to rest. */
  private void heal() {
    world.faulty = false;
    world.network.heal();
    world.agents.forEach(SimProcess::thaw);
    SimHost host = world.host;
    if (host != null) {
      host.thaw();
      host.after(1, "operator", () -> host.sessions().forgiveAll());
    }
    long start = world.loop.nowNanos();
    world.settledNanos = start + SimSettings.HEALING_NANOS / 2;
    runUntil(start + SimSettings.HEALING_NANOS / 2);
    long[] served = served();
    runUntil(start + SimSettings.HEALING_NANOS * 3 / 4);
    requireProgress(served);
    world.working = false;
    runUntil(start + SimSettings.HEALING_NANOS);
    requireRest();
  }

  private long[] served() {
    List<Long> counts = new ArrayList<>();
    for (SimAgent agent : world.lastingAgents()) {
      agent.devices().forEach(device -> device.units().forEach(unit -> counts.add(unit.served())));
    }
    SimHost host = world.host;
    if (host != null) {
      host.cpu().units().forEach(unit -> counts.add(unit.served()));
    }
    return counts.stream().mapToLong(Long::longValue).toArray();
  }

  private void requireProgress(long[] before) {
    for (SimAgent agent : world.lastingAgents()) {
      require(
          agent.engine().state() == LinkState.ATTACHED,
          () -> agent.name() + " is " + agent.engine().state() + " long after everything healed");
    }
    SimCoordinator coordinator = world.coordinator;
    List<String> missing =
        coordinator == null ? List.of("all") : coordinator.missing(population.nodeIds());
    require(missing.isEmpty(), () -> "the coordinator misses " + missing);
    long[] after = served();
    for (int i = 0; i < after.length && !world.spaces.isEmpty(); i++) {
      int unit = i;
      require(
          after[i] > before[i],
          () -> "unit " + unit + " was not served after the healing: " + unitText(unit));
    }
  }

  private String unitText(int ordinal) {
    int left = ordinal;
    for (SimAgent agent : world.lastingAgents()) {
      for (SimDevice device : agent.devices()) {
        if (left < device.units().size()) {
          return agent.name() + ", " + device.units().get(left);
        }
        left -= device.units().size();
      }
    }
    return "CPU " + left;
  }

  private void requireRest() {
    for (SimClient client : world.clients) {
      require(
          client.idle(),
          () ->
              "a client waits for an answer for ever: "
                  + (world.host == null ? "no host" : world.host.pending()));
    }
    for (SimAgent agent : world.lastingAgents()) {
      require(agent.idle(), () -> agent.name() + " has faults, accesses or drains under way");
    }
    SimHost host = world.host;
    require(host != null, () -> "the host is not at rest: there is none");
    if (host == null) {
      return;
    }
    require(host.alive() && host.idle(), () -> "the host is not at rest: " + host.pending());
    for (SimAgent agent : world.agents) {
      require(
          !agent.gone() || !host.sessions().knowsAgent(agent.agentId()),
          () -> "the host still has a session of " + agent.name() + ", which is gone for good");
    }
    frameCheck();
    states.mirrorsAtRest();
    states.deviceMemoryAtRest();
  }

  private void judge() {
    switch (world.memory.judge()) {
      case Verdict.Linearizable l -> {}
      case Verdict.Undecided u ->
          // A run that cannot be judged proves nothing, and must not pass for one that did.
          throw new InvariantViolation("UNDECIDED", u.explanation());
      case Verdict.Violation v -> throw new InvariantViolation("INV-13", v.explanation());
    }
  }

  private static void require(boolean holds, java.util.function.Supplier<String> otherwise) {
    if (!holds) {
      throw new InvariantViolation("PROGRESS", otherwise.get());
    }
  }
}
