package dev.fenceline.agent.adapter.grpc;

import dev.fenceline.agent.engine.LinkCounter;
import dev.fenceline.agent.runtime.AgentRuntime;
import dev.fenceline.agent.runtime.Device;
import dev.fenceline.agent.runtime.DeviceCounters;
import dev.fenceline.agent.runtime.HostLink;
import dev.fenceline.device.v1.AgentInfo;
import dev.fenceline.device.v1.Delays;
import dev.fenceline.device.v1.DeviceInfo;
import java.util.Locale;

/** What the device service says of the agent. Stateless. */
final class AgentInfoCodec {
  private AgentInfoCodec() {}

  static AgentInfo encode(AgentRuntime agent) {
    AgentInfo.Builder info =
        AgentInfo.newBuilder().setAgentId(agent.agentId()).setBootToken(agent.bootToken());
    agent.devices().forEach(device -> info.addDevices(encode(device)));
    agent.links().forEach(link -> info.addHosts(encode(link)));
    return info.build();
  }

  private static DeviceInfo encode(Device device) {
    DeviceCounters counters = device.counters();
    return DeviceInfo.newBuilder()
        .setIndex(device.index())
        .setName(device.description().name())
        .setUnits(device.description().units())
        .setRunningPrograms(device.runningPrograms())
        .setQueuedPrograms(device.queuedPrograms())
        .setMirrorEntries(counters.mirrorEntries.sum())
        .setFaults(counters.faults.sum())
        .setFaultRetries(counters.faultRetries.sum())
        .setInvalidations(counters.invalidations.sum())
        .setDmaReadBytes(counters.dmaReadBytes.sum())
        .setDmaWrittenBytes(counters.dmaWrittenBytes.sum())
        .setStaleRefusals(counters.staleRefusals.sum())
        .setMemoryPages(device.memory().pages())
        .setMemoryUsedPages(device.memory().held())
        .setLocalBytes(counters.localBytes.sum())
        .setPeerBytes(counters.peerBytes.sum())
        .setEvictedPages(device.memory().victims())
        .setFailedAllocations(device.memory().failures())
        .setDelays(
            Delays.newBuilder()
                .setDrainNanos(device.delays().drainNanos())
                .setDmaNanos(device.delays().dmaNanos())
                .setFaultNanos(device.delays().faultNanos()))
        .build();
  }

  private static dev.fenceline.device.v1.HostLink encode(HostLink link) {
    return dev.fenceline.device.v1.HostLink.newBuilder()
        .setHostId(link.hostId())
        .setTarget(link.target())
        .setState(link.state().name().toLowerCase(Locale.ROOT))
        .setSessionId(link.sessionId())
        .setLeaseLeftNanos(link.leaseLeftNanos())
        .setPagesFetched(link.counter(LinkCounter.PAGES_FETCHED))
        .setPagesPushed(link.counter(LinkCounter.PAGES_PUSHED))
        .build();
  }
}
