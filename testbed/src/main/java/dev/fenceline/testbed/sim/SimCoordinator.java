package dev.fenceline.testbed.sim;

import dev.fenceline.coordinator.engine.NodeLoad;
import dev.fenceline.coordinator.engine.NodeReport;
import dev.fenceline.coordinator.engine.NodeState;
import dev.fenceline.coordinator.engine.RegistryEffect;
import dev.fenceline.coordinator.engine.RegistryEngine;
import dev.fenceline.coordinator.engine.RegistryInput;
import dev.fenceline.coordinator.engine.RegistrySettings;
import dev.fenceline.coordinator.engine.RegistryUpdate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * One start of the coordinator: the real registry, and the report streams of host and agents, which
 * go on without it. Confined to the event loop.
 */
final class SimCoordinator extends SimProcess {
  private static final RegistrySettings SETTINGS =
      new RegistrySettings(
          40 * SimSettings.MILLI,
          8 * SimSettings.MILLI,
          24 * SimSettings.MILLI,
          20 * SimSettings.MILLI);

  private final SimWorld world;
  private final SplittableRandom random;
  private final RegistryEngine engine;
  private final Map<String, Long> streams = new HashMap<>();
  private final Map<Long, SimProcess> owners = new HashMap<>();
  private long timerAtNanos = Long.MAX_VALUE;

  SimCoordinator(SimWorld world, SplittableRandom random) {
    super(world.loop, "coordinator", 1.0, 1 + random.nextInt(1_000_000_000));
    this.world = world;
    this.random = random;
    this.engine = new RegistryEngine(SETTINGS, random.nextLong() | 1, clockNanos());
  }

  void start() {
    planTimer();
    new SimDeadlocks(world, this).start();
  }

  static long reportIntervalNanos() {
    return SETTINGS.reportIntervalNanos();
  }

  /** What a node says of itself arrives. */
  void report(SimProcess node, NodeReport report) {
    Long stream = streams.get(report.nodeId());
    if (stream == null || owners.get(stream) != node) {
      long fresh = world.nextId();
      streams.put(report.nodeId(), fresh);
      owners.put(fresh, node);
      if (stream != null) {
        step(new RegistryInput.StreamClosed(stream, "broken"));
      }
      step(new RegistryInput.StreamOpened(fresh));
      stream = fresh;
    }
    step(new RegistryInput.ReportReceived(stream, report));
  }

  /** Empty when it knows that all of them live; otherwise what is wrong. */
  List<String> missing(List<String> nodeIds) {
    if (engine.isRecovering()) {
      return List.of("still recovering");
    }
    var view = engine.view(clockNanos());
    return nodeIds.stream()
        .filter(
            id ->
                view.nodes().stream()
                    .noneMatch(
                        node -> node.key().nodeId().equals(id) && node.state() == NodeState.LIVE))
        .toList();
  }

  private void step(RegistryInput input) {
    world.trace(name(), input);
    for (RegistryEffect effect : engine.step(clockNanos(), input)) {
      world.trace(name() + "   ->", effect);
      switch (effect) {
        case RegistryEffect.SendUpdate send -> tell(send.streamId(), send.update());
        case RegistryEffect.RefuseStream refuse -> forget(refuse.streamId());
        case RegistryEffect.CompleteStream complete -> forget(complete.streamId());
        case RegistryEffect.ReleaseEndpoint r -> {}
        case RegistryEffect.NodeChanged n -> {}
        case RegistryEffect.NodeForgotten n -> {}
        case RegistryEffect.Recovered r -> {}
      }
    }
    planTimer();
  }

  private void forget(long streamId) {
    owners.remove(streamId);
    streams.values().removeIf(id -> id == streamId);
  }

  private void tell(long streamId, RegistryUpdate update) {
    SimProcess node = owners.get(streamId);
    if (node instanceof SimAgent agent && !update.hosts().isEmpty()) {
      agent.after(world.network.delay(), "hosts named", agent::hostKnown);
    }
  }

  private void planTimer() {
    long deadline = engine.nextDeadlineNanos();
    if (deadline == Long.MAX_VALUE) {
      return;
    }
    long at = world.loop.nowNanos() + delayUntil(deadline);
    if (at < timerAtNanos) {
      timerAtNanos = at;
      after(at - world.loop.nowNanos() + random.nextInt(100_000), "registry timer", this::timer);
    }
  }

  private void timer() {
    timerAtNanos = Long.MAX_VALUE;
    if (clockNanos() >= engine.nextDeadlineNanos()) {
      step(new RegistryInput.Tick());
    }
    planTimer();
  }

  /** A node that reports by itself, as long as it lives. */
  static final class Reporter {
    private final SimWorld world;
    private final SimProcess node;
    private final String nodeId;
    private final long bootToken;
    private final NodeLoad load;

    Reporter(SimWorld world, SimProcess node, String nodeId, long bootToken, NodeLoad load) {
      this.world = world;
      this.node = node;
      this.nodeId = nodeId;
      this.bootToken = bootToken;
      this.load = load;
    }

    void report() {
      node.after(reportIntervalNanos(), "report", this::report);
      world.loop.after(world.network.delay(), "report arrives", this::arrive);
    }

    private void arrive() {
      SimCoordinator coordinator = world.coordinator;
      if (coordinator != null && coordinator.alive()) {
        coordinator.after(
            1,
            "report heard",
            () ->
                coordinator.report(
                    node, new NodeReport(nodeId, bootToken, nodeId + ":1", "", load, false)));
      }
    }
  }

  /** A host's load in a report. */
  static NodeLoad hostLoad(long epoch) {
    return new NodeLoad.HostLoad(epoch, 0, 0, 1, 1);
  }

  static NodeLoad agentLoad() {
    return new NodeLoad.AgentLoad(
        List.of(new NodeLoad.DeviceLoad(0, "device-0", 1, 0, 0)), List.of());
  }
}
