package dev.fenceline.coordinator.engine;

import java.util.List;

/** What a node says of itself in a report, by kind; immutable. */
public sealed interface NodeLoad {
  NodeKind kind();

  /** A host's report. */
  record HostLoad(
      long hostEpoch, int spaceCount, int sessionCount, long totalFrames, long freeFrames)
      implements NodeLoad {
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

  /** One device of an agent. */
  record DeviceLoad(int index, String name, int units, int runningPrograms, long mirrorEntries) {}

  /**
   * An agent's link to a host.
   *
   * @param state in the agent's words: disconnected, draining, dialing, attached, fenced
   * @param leaseLeftNanos until the agent fences itself off; negative when it has
   */
  record LinkLoad(String hostId, String state, long sessionId, long leaseLeftNanos) {}
}
