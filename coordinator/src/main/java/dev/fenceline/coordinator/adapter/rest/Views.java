package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.model.AgentView;
import dev.fenceline.coordinator.adapter.rest.model.DeviceView;
import dev.fenceline.coordinator.adapter.rest.model.HostView;
import dev.fenceline.coordinator.adapter.rest.model.NodeInfo;
import dev.fenceline.coordinator.adapter.rest.model.StandingView;
import dev.fenceline.coordinator.engine.NodeLoad;
import dev.fenceline.coordinator.engine.NodeLoad.AgentLoad;
import dev.fenceline.coordinator.engine.NodeLoad.HostLoad;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.query.AgentStatus;
import dev.fenceline.coordinator.engine.query.HostStatus;
import dev.fenceline.coordinator.engine.query.Session;
import dev.fenceline.coordinator.engine.query.Standing;
import dev.fenceline.coordinator.runtime.WallTime;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.springframework.stereotype.Component;

/** Nodes as REST shows them. Stateless but for the clock's origin. */
@Component
final class Views {
  private final WallTime wallTime;

  Views(WallTime wallTime) {
    this.wallTime = wallTime;
  }

  /** When the node entered its state. */
  Instant since(NodeView node) {
    return wallTime.at(node.sinceNanos());
  }

  static double micros(long nanos) {
    return nanos / 1e3;
  }

  static double millis(long nanos) {
    return nanos / 1e6;
  }

  static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }

  /** Tokens and session ids: all 64 bits. */
  static String token(long value) {
    return String.format(Locale.ROOT, "0x%016x", value);
  }

  /** A constant as the API spells it: lower-case, with dashes. */
  static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  NodeInfo node(NodeView node) {
    return new NodeInfo(
        word(node.state()),
        node.reason(),
        since(node),
        token(node.bootToken()),
        node.endpoint(),
        node.httpEndpoint(),
        wallTime.at(node.registeredNanos()),
        node.silentNanos() / 1_000_000);
  }

  HostView host(NodeView node) {
    HostLoad load =
        switch (node.load()) {
          case HostLoad host -> host;
          case AgentLoad ignored -> throw new IllegalStateException(node.key() + " is no host");
        };
    return new HostView(
        node.key().nodeId(),
        node(node),
        token(load.hostEpoch()),
        load.spaceCount(),
        load.sessionCount(),
        load.totalFrames(),
        load.freeFrames(),
        load.quarantinedAgents());
  }

  static StandingView standing(String hostId, Standing standing) {
    return new StandingView(
        hostId,
        word(standing.state()),
        standing.strikes(),
        standing.reason(),
        standing.byOperator(),
        Instant.ofEpochMilli(System.currentTimeMillis() - standing.elapsedNanos() / 1_000_000),
        standing.holdLeftNanos() == 0 ? null : millis(standing.holdLeftNanos()));
  }

  static HostView.Status status(HostStatus status) {
    return new HostView.Status(
        status.totalFrames(),
        status.freeFrames(),
        status.spaceCount(),
        status.sessionCount(),
        status.pendingInvalidationCount(),
        millis(status.leaseTtlNanos()),
        millis(status.leaseExpiryNanos()),
        status.lateMessageCount(),
        memory(status.memory()));
  }

  private static HostView.MemoryView memory(HostStatus.Memory memory) {
    return new HostView.MemoryView(
        memory.lists().active(),
        memory.lists().inactive(),
        memory.lists().unevictable(),
        memory.swap().slots(),
        memory.swap().used(),
        memory.swap().pagesOut(),
        memory.swap().pagesIn(),
        memory.reclaimBackOffs(),
        memory.wakeUps(),
        memory.pinned().pins(),
        memory.pinned().frames(),
        memory.pinned().keptFrames());
  }

  static HostView.SessionView session(Session session) {
    return new HostView.SessionView(
        session.agentId(),
        token(session.sessionId()),
        token(session.bootToken()),
        session.attached() ? "attached" : "detached",
        millis(session.leaseLeftNanos()),
        session.pendingFenceCount(),
        session.overdue(),
        session.deviceNames());
  }

  static AgentLoad agentLoad(NodeView node) {
    return switch (node.load()) {
      case AgentLoad agent -> agent;
      case HostLoad ignored -> throw new IllegalStateException(node.key() + " is no agent");
    };
  }

  /**
   * @param quarantinedAt hosts that say so
   */
  AgentView agent(NodeView node, List<String> quarantinedAt) {
    AgentLoad load = agentLoad(node);
    return new AgentView(
        node.key().nodeId(),
        node(node),
        load.devices().size(),
        quarantinedAt.isEmpty() ? "healthy" : "quarantined",
        quarantinedAt,
        load.links().stream().map(Views::link).toList());
  }

  static List<DeviceView> devices(NodeView agent) {
    return agentLoad(agent).devices().stream()
        .sorted((a, b) -> Integer.compare(a.index(), b.index()))
        .map(device -> device(agent, device))
        .toList();
  }

  static DeviceView.Counters counters(AgentStatus.DeviceStatus device) {
    return new DeviceView.Counters(
        device.runningPrograms(),
        device.queuedPrograms(),
        device.mirrorEntries(),
        device.faults(),
        device.faultRetries(),
        device.invalidations(),
        device.dmaReadBytes(),
        device.dmaWrittenBytes(),
        device.staleRefusals(),
        micros(device.delays().drainNanos()),
        micros(device.delays().dmaNanos()),
        micros(device.delays().faultNanos()));
  }

  private static AgentView.LinkView link(NodeLoad.LinkLoad link) {
    return new AgentView.LinkView(
        link.hostId(), link.state(), token(link.sessionId()), millis(link.leaseLeftNanos()));
  }

  private static DeviceView device(NodeView agent, NodeLoad.DeviceLoad device) {
    return new DeviceView(
        agent.key().nodeId() + "/" + device.index(),
        agent.key().nodeId(),
        device.index(),
        device.name(),
        word(agent.state()),
        device.units(),
        device.standing(),
        Integer.toUnsignedLong(device.runningPrograms()),
        device.mirrorEntries());
  }
}
