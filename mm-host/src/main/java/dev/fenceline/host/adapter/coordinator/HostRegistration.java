package dev.fenceline.host.adapter.coordinator;

import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.registry.v1.HostReport;
import dev.fenceline.registry.v1.NodeReport;

/** What the host tells coordinators of itself. Thread-safe. */
public final class HostRegistration {
  /** Who reports, and how others reach it; immutable. */
  public record Identity(long bootToken, String endpoint, String httpEndpoint) {}

  private final HostRuntime host;
  private final Identity identity;

  public HostRegistration(HostRuntime host, Identity identity) {
    this.host = host;
    this.identity = identity;
  }

  /** As things stand. */
  public NodeReport report() {
    return NodeReport.newBuilder()
        .setNodeId(host.settings().hostId())
        .setBootToken(identity.bootToken())
        .setEndpoint(identity.endpoint())
        .setHttpEndpoint(identity.httpEndpoint())
        .setHost(
            HostReport.newBuilder()
                .setHostEpoch(host.settings().hostEpoch())
                .setSpaceCount(host.spaceCount())
                .setSessionCount(host.sessions().sessionCount())
                .setTotalFrames(host.pool().total())
                .setFreeFrames(host.pool().available())
                .addAllQuarantinedAgents(host.sessions().quarantinedAgents()))
        .build();
  }
}
