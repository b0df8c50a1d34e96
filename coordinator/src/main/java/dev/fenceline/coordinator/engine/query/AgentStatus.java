package dev.fenceline.coordinator.engine.query;

import java.util.List;

/** An agent's own account of itself; immutable. */
public record AgentStatus(
    String agentId, long bootToken, List<DeviceStatus> devices, List<HostLink> links) {
  public AgentStatus {
    devices = List.copyOf(devices);
    links = List.copyOf(links);
  }

  /** One device; immutable. Counters are since the agent's start. */
  public record DeviceStatus(
      int index,
      String name,
      int units,
      long runningPrograms,
      long queuedPrograms,
      long mirrorEntries,
      long faults,
      long faultRetries,
      long invalidations,
      long dmaReadBytes,
      long dmaWrittenBytes,
      long staleRefusals,
      Delays delays) {}

  /** How the device imitates slow hardware; immutable. */
  public record Delays(long drainNanos, long dmaNanos, long faultNanos) {}

  /** The link to one host; immutable. */
  public record HostLink(
      String hostId, String target, String state, long sessionId, long leaseLeftNanos) {}
}
