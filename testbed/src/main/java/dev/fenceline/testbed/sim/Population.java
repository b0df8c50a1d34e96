package dev.fenceline.testbed.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Starts the processes of a run, and starts them again when they have died. Event loop only. */
final class Population {
  private final SimWorld world;
  private final SplittableRandom random;
  private final boolean[] configured;
  private long epoch;

  Population(SimWorld world, SplittableRandom random) {
    this.world = world;
    this.random = random;
    this.configured = new boolean[world.settings.agents()];
  }

  void start() {
    startHost();
    for (int i = 0; i < world.settings.agents(); i++) {
      // Half of the agents know the host from their configuration, the others ask.
      configured[i] = random.nextBoolean();
      world.agents.add(startAgent(i));
    }
    startCoordinator();
    for (int i = 0; i < world.settings.clients(); i++) {
      SimClient client = new SimClient(world, random.split());
      world.clients.add(client);
      client.start();
    }
  }

  /** Who must be alive when everything has healed. */
  List<String> nodeIds() {
    List<String> ids = new ArrayList<>(List.of("host"));
    world.lastingAgents().forEach(agent -> ids.add(agent.agentId()));
    return ids;
  }

  private void startHost() {
    SimHost host = new SimHost(world, ++epoch, random.split());
    world.host = host;
    host.cpu().start();
    new SimCoordinator.Reporter(
            world, host, "host", random.nextLong() | 1, SimCoordinator.hostLoad(epoch))
        .report();
  }

  private SimAgent startAgent(int index) {
    SimAgent agent = new SimAgent(world, index, random.split());
    agent.start();
    if (configured[index]) {
      agent.after(random.nextInt(200_000), "host configured", agent::hostKnown);
    }
    new SimCoordinator.Reporter(
            world, agent, agent.agentId(), random.nextLong() | 1, SimCoordinator.agentLoad())
        .report();
    return agent;
  }

  private void startCoordinator() {
    SimCoordinator coordinator = new SimCoordinator(world, random.split());
    world.coordinator = coordinator;
    coordinator.start();
  }

  void crashAgent(int index, long downNanos, boolean noticedLate) {
    SimAgent agent = world.agents.get(index);
    if (!agent.alive()) {
      return;
    }
    world.count(Sometimes.AGENT_CRASHED);
    world.trace(agent.name(), "crashes");
    agent.crash(noticedLate);
    world.loop.after(downNanos, "agent restarts", () -> world.agents.set(index, startAgent(index)));
  }

  /** Leaves in good order, ends, and is started again. */
  void leaveAndReturn(int index, long downNanos) {
    SimAgent agent = world.agents.get(index);
    if (agent.alive() && !agent.frozen()) {
      agent.leave(
          () ->
              world.loop.after(
                  downNanos, "agent restarts", () -> world.agents.set(index, startAgent(index))));
    }
  }

  /** Whatever it owes is resolved without it. */
  void loseAgent(int index) {
    SimAgent agent = world.agents.get(index);
    if (agent.alive()) {
      world.count(Sometimes.AGENT_GONE_FOR_GOOD);
      agent.goForGood();
    }
  }

  void crashHost(long downNanos) {
    SimHost host = world.host;
    if (host == null || !host.alive()) {
      return;
    }
    world.count(Sometimes.HOST_CRASHED);
    world.trace(host.name(), "crashes");
    host.crash();
    world.network.hostDied(host);
    world.loop.after(downNanos, "host restarts", this::startHost);
  }

  void crashCoordinator(long downNanos) {
    SimCoordinator coordinator = world.coordinator;
    if (coordinator == null || !coordinator.alive()) {
      return;
    }
    world.count(Sometimes.COORDINATOR_CRASHED);
    coordinator.die();
    world.loop.after(downNanos, "coordinator restarts", this::startCoordinator);
  }
}
