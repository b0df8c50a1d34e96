package dev.fenceline.coordinator.adapter.grpc;

import dev.fenceline.coordinator.engine.query.AgentStatus;
import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.engine.query.Portion;
import dev.fenceline.coordinator.engine.query.Program;
import dev.fenceline.coordinator.runtime.AgentQueries;
import dev.fenceline.device.v1.AgentInfo;
import dev.fenceline.device.v1.DeviceInfo;
import dev.fenceline.device.v1.DeviceServiceGrpc;
import dev.fenceline.device.v1.GetAgentRequest;
import dev.fenceline.device.v1.GetProgramRequest;
import dev.fenceline.device.v1.HostLink;
import dev.fenceline.device.v1.ListProgramsReply;
import dev.fenceline.device.v1.ListProgramsRequest;
import dev.fenceline.wire.MalformedMessageException;
import java.util.List;

/** Questions to agents over DeviceService. Thread-safe; blocks. */
public final class GrpcAgentQueries implements AgentQueries {
  private final NodeCalls calls;

  public GrpcAgentQueries(NodeCalls calls) {
    this.calls = calls;
  }

  @Override
  public Answer<AgentStatus> agent(String endpoint) {
    return calls.ask(
        endpoint,
        DeviceServiceGrpc.getGetAgentMethod(),
        GetAgentRequest.getDefaultInstance(),
        GrpcAgentQueries::agent);
  }

  @Override
  public Answer<Portion<Program>> programs(String endpoint, ProgramQuery query) {
    ListProgramsRequest.Builder request =
        ListProgramsRequest.newBuilder()
            .setPendingOnly(query.pendingOnly())
            .setBeforeProgramNumber(query.before())
            .setPageSize(query.limit());
    Integer deviceIndex = query.deviceIndex();
    if (deviceIndex != null) {
      request.setDeviceIndex(deviceIndex);
    }
    return calls.ask(
        endpoint,
        DeviceServiceGrpc.getListProgramsMethod(),
        request.build(),
        GrpcAgentQueries::programs);
  }

  @Override
  public Answer<Program> program(String endpoint, long number) {
    return calls.ask(
        endpoint,
        DeviceServiceGrpc.getGetProgramMethod(),
        GetProgramRequest.newBuilder().setProgramNumber(number).build(),
        ProgramCodec::program);
  }

  private static Portion<Program> programs(ListProgramsReply reply)
      throws MalformedMessageException {
    List<Program> found = GrpcHostQueries.each(reply.getProgramsList(), ProgramCodec::program);
    long next = reply.getMore() && !found.isEmpty() ? found.getLast().number() : 0;
    return new Portion<>(found, next, 0);
  }

  private static AgentStatus agent(AgentInfo agent) {
    return new AgentStatus(
        agent.getAgentId(),
        agent.getBootToken(),
        agent.getDevicesList().stream().map(GrpcAgentQueries::device).toList(),
        agent.getHostsList().stream().map(GrpcAgentQueries::link).toList());
  }

  private static AgentStatus.DeviceStatus device(DeviceInfo device) {
    return new AgentStatus.DeviceStatus(
        device.getIndex(),
        device.getName(),
        device.getUnits(),
        Integer.toUnsignedLong(device.getRunningPrograms()),
        Integer.toUnsignedLong(device.getQueuedPrograms()),
        device.getMirrorEntries(),
        device.getFaults(),
        device.getFaultRetries(),
        device.getInvalidations(),
        device.getDmaReadBytes(),
        device.getDmaWrittenBytes(),
        device.getStaleRefusals(),
        new AgentStatus.Delays(
            device.getDelays().getDrainNanos(),
            device.getDelays().getDmaNanos(),
            device.getDelays().getFaultNanos()));
  }

  private static AgentStatus.HostLink link(HostLink link) {
    return new AgentStatus.HostLink(
        link.getHostId(),
        link.getTarget(),
        link.getState(),
        link.getSessionId(),
        link.getLeaseLeftNanos());
  }
}
