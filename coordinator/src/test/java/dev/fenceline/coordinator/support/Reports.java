package dev.fenceline.coordinator.support;

import dev.fenceline.registry.v1.AgentReport;
import dev.fenceline.registry.v1.HostReport;
import dev.fenceline.registry.v1.NodeReport;
import dev.fenceline.registry.v1.ReportedDevice;
import dev.fenceline.registry.v1.ReportedLink;

/** Reports as nodes send them. Stateless. */
public final class Reports {
  private Reports() {}

  public static NodeReport host(String id, long bootToken, int port) {
    return NodeReport.newBuilder()
        .setNodeId(id)
        .setBootToken(bootToken)
        .setEndpoint("localhost:" + port)
        .setHttpEndpoint("localhost:8081")
        .setHost(
            HostReport.newBuilder()
                .setHostEpoch(77)
                .setSpaceCount(2)
                .setTotalFrames(1000)
                .setFreeFrames(900))
        .build();
  }

  public static NodeReport agent(String id, long bootToken, int port, int devices) {
    AgentReport.Builder agent =
        AgentReport.newBuilder()
            .addLinks(
                ReportedLink.newBuilder()
                    .setHostId("host-1")
                    .setState("attached")
                    .setSessionId(5)
                    .setLeaseLeftNanos(900_000_000L));
    for (int i = 0; i < devices; i++) {
      agent.addDevices(
          ReportedDevice.newBuilder().setIndex(i).setName(id + "-gpu" + i).setUnits(4));
    }
    return NodeReport.newBuilder()
        .setNodeId(id)
        .setBootToken(bootToken)
        .setEndpoint("localhost:" + port)
        .setHttpEndpoint("localhost:8082")
        .setAgent(agent)
        .build();
  }
}
