package dev.fenceline.coordinator.engine;

import java.util.List;

/** What a node says of itself in a report, by kind; immutable. */
public sealed interface NodeLoad {
  NodeKind kind();

  /** A host's report. {@code quarantinedAgents} are ids of agents, ascending. */
  record HostLoad(
      long hostEpoch,
      int spaceCount,
      int sessionCount,
      long totalFrames,
      long freeFrames,
      List<String> quarantinedAgents)
      implements NodeLoad {
    public HostLoad {
      quarantinedAgents = quarantinedAgents.stream().sorted().toList();
    }

    public HostLoad(
        long hostEpoch, int spaceCount, int sessionCount, long totalFrames, long freeFrames) {
      this(hostEpoch, spaceCount, sessionCount, totalFrames, freeFrames, List.of());
    }

    @Override
    public NodeKind kind() {
      return NodeKind.HOST;
    }
  }

  /** An agent's report. */
  record AgentLoad(List<DeviceLoad> devices, List<LinkLoad> links) implements NodeLoad {
    public AgentLoad {
      devices = List.copyOf(devices);
      links = List.copyOf(links);
    }

    @Override
    public NodeKind kind() {
      return NodeKind.AGENT;
    }
  }

  /** One device of an agent. {@code standing} in the agent's words: active, draining, drained. */
  record DeviceLoad(
      int index, String name, int units, int runningPrograms, long mirrorEntries, String standing) {
    public DeviceLoad(int index, String name, int units, int runningPrograms, long mirrorEntries) {
      this(index, name, units, runningPrograms, mirrorEntries, "active");
    }
  }

  /**
   * An agent's link to a host.
   *
   * @param state in the agent's words: disconnected, draining, dialing, attached, fenced
   * @param leaseLeftNanos until the agent fences itself off; negative when it has
   */
  record LinkLoad(String hostId, String state, long sessionId, long leaseLeftNanos) {}
}
