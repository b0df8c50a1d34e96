package dev.fenceline.agent.adapter.coordinator;

import dev.fenceline.agent.runtime.AgentRuntime;
import dev.fenceline.agent.runtime.Device;
import dev.fenceline.agent.runtime.HostLink;
import dev.fenceline.registry.v1.AgentReport;
import dev.fenceline.registry.v1.CoordinatorUpdate;
import dev.fenceline.registry.v1.HostEndpoint;
import dev.fenceline.registry.v1.NodeReport;
import dev.fenceline.registry.v1.ReportedDevice;
import dev.fenceline.registry.v1.ReportedLink;
import java.util.Locale;

/** What the agent tells coordinators of itself, and learns from them. Thread-safe. */
public final class AgentRegistration {
  /** How others reach this agent; immutable. */
  public record Endpoints(String grpc, String http) {}

  private final AgentRuntime agent;
  private final Endpoints endpoints;

  public AgentRegistration(AgentRuntime agent, Endpoints endpoints) {
    this.agent = agent;
    this.endpoints = endpoints;
  }

  /** Attaches to the hosts that a coordinator lists, unless it is still recovering. */
  public void heard(CoordinatorUpdate update) {
    if (!update.getRecovering()) {
      // Hosts are only ever added: one that has gone is left by its own link, which backs off.
      for (HostEndpoint host : update.getHostsList()) {
        agent.addHost(host.getHostId(), host.getEndpoint());
      }
    }
  }

  /** As things stand. */
  public NodeReport report() {
    AgentReport.Builder report = AgentReport.newBuilder();
    for (Device device : agent.devices()) {
      report.addDevices(
          ReportedDevice.newBuilder()
              .setIndex(device.index())
              .setName(device.description().name())
              .setUnits(device.description().units())
              .setRunningPrograms(device.runningPrograms())
              .setMirrorEntries(device.counters().mirrorEntries.sum())
              .setStanding(
                  agent.drains().standing(device).state().name().toLowerCase(Locale.ROOT)));
    }
    for (HostLink link : agent.links()) {
      report.addLinks(
          ReportedLink.newBuilder()
              .setHostId(link.hostId())
              .setState(link.state().name().toLowerCase(Locale.ROOT))
              .setSessionId(link.sessionId())
              .setLeaseLeftNanos(link.leaseLeftNanos()));
    }
    return NodeReport.newBuilder()
        .setNodeId(agent.agentId())
        .setBootToken(agent.bootToken())
        .setEndpoint(endpoints.grpc())
        .setHttpEndpoint(endpoints.http())
        .setAgent(report)
        .build();
  }
}
