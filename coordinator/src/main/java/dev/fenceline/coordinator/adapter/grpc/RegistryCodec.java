package dev.fenceline.coordinator.adapter.grpc;

import dev.fenceline.coordinator.engine.NodeLoad;
import dev.fenceline.coordinator.engine.NodeReport;
import dev.fenceline.coordinator.engine.RegistryUpdate;
import dev.fenceline.registry.v1.AgentReport;
import dev.fenceline.registry.v1.CoordinatorUpdate;
import dev.fenceline.registry.v1.HostEndpoint;
import dev.fenceline.registry.v1.HostReport;
import dev.fenceline.registry.v1.ReportedDevice;
import dev.fenceline.registry.v1.ReportedLink;
import org.jspecify.annotations.Nullable;

/** The registry's messages, between wire and engine; the engine checks what they say. Stateless. */
final class RegistryCodec {
  private RegistryCodec() {}

  static NodeReport decode(dev.fenceline.registry.v1.NodeReport report) {
    return new NodeReport(
        report.getNodeId(),
        report.getBootToken(),
        report.getEndpoint(),
        report.getHttpEndpoint(),
        load(report),
        report.getLeaving());
  }

  static CoordinatorUpdate encode(RegistryUpdate update) {
    CoordinatorUpdate.Builder message =
        CoordinatorUpdate.newBuilder()
            .setCoordinatorBootToken(update.coordinatorBootToken())
            .setRevision(update.revision())
            .setReportIntervalNanos(update.reportIntervalNanos())
            .setRecovering(update.recovering());
    for (RegistryUpdate.HostEndpoint host : update.hosts()) {
      message.addHosts(
          HostEndpoint.newBuilder().setHostId(host.hostId()).setEndpoint(host.endpoint()));
    }
    return message.build();
  }

  private static @Nullable NodeLoad load(dev.fenceline.registry.v1.NodeReport report) {
    return switch (report.getNodeCase()) {
      case HOST -> host(report.getHost());
      case AGENT -> agent(report.getAgent());
      case NODE_NOT_SET -> null;
    };
  }

  private static NodeLoad host(HostReport host) {
    return new NodeLoad.HostLoad(
        host.getHostEpoch(),
        host.getSpaceCount(),
        host.getSessionCount(),
        host.getTotalFrames(),
        host.getFreeFrames(),
        host.getQuarantinedAgentsList());
  }

  private static NodeLoad agent(AgentReport agent) {
    return new NodeLoad.AgentLoad(
        agent.getDevicesList().stream().map(RegistryCodec::device).toList(),
        agent.getLinksList().stream().map(RegistryCodec::link).toList());
  }

  private static NodeLoad.DeviceLoad device(ReportedDevice device) {
    return new NodeLoad.DeviceLoad(
        device.getIndex(),
        device.getName(),
        device.getUnits(),
        device.getRunningPrograms(),
        device.getMirrorEntries(),
        device.getStanding().isEmpty() ? "active" : device.getStanding());
  }

  private static NodeLoad.LinkLoad link(ReportedLink link) {
    return new NodeLoad.LinkLoad(
        link.getHostId(), link.getState(), link.getSessionId(), link.getLeaseLeftNanos());
  }
}
