package dev.fenceline.coordinator.adapter.grpc;

import dev.fenceline.common.v1.Interval;
import dev.fenceline.control.v1.AgentControlServiceGrpc;
import dev.fenceline.control.v1.DrainReply;
import dev.fenceline.control.v1.DrainRequest;
import dev.fenceline.control.v1.ReturnRequest;
import dev.fenceline.coordinator.engine.command.ProgramOrder;
import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.engine.query.DeviceStanding;
import dev.fenceline.coordinator.engine.query.Program;
import dev.fenceline.coordinator.runtime.AgentCommands;
import dev.fenceline.device.v1.Add;
import dev.fenceline.device.v1.AtomicAdd;
import dev.fenceline.device.v1.CancelProgramRequest;
import dev.fenceline.device.v1.Checksum;
import dev.fenceline.device.v1.Copy;
import dev.fenceline.device.v1.DeviceServiceGrpc;
import dev.fenceline.device.v1.Fill;
import dev.fenceline.device.v1.PointerChase;
import dev.fenceline.device.v1.PreemptProgramRequest;
import dev.fenceline.device.v1.RandomAccess;
import dev.fenceline.device.v1.RunProgramRequest;
import dev.fenceline.device.v1.SyncPoint;
import dev.fenceline.wire.MalformedMessageException;
import java.util.List;

/** Commands to agents over DeviceService and AgentControlService. Thread-safe; blocks. */
public final class GrpcAgentCommands implements AgentCommands {
  private final NodeCalls calls;

  public GrpcAgentCommands(NodeCalls calls) {
    this.calls = calls;
  }

  @Override
  public Answer<Program> submit(String endpoint, ProgramOrder order) {
    return calls.ask(
        endpoint, DeviceServiceGrpc.getSubmitProgramMethod(), encode(order), ProgramCodec::program);
  }

  @Override
  public Answer<Program> cancel(String endpoint, long number) {
    return calls.ask(
        endpoint,
        DeviceServiceGrpc.getCancelProgramMethod(),
        CancelProgramRequest.newBuilder().setProgramNumber(number).build(),
        ProgramCodec::program);
  }

  @Override
  public Answer<Program> preempt(String endpoint, long number, String reason) {
    return calls.ask(
        endpoint,
        DeviceServiceGrpc.getPreemptProgramMethod(),
        PreemptProgramRequest.newBuilder().setProgramNumber(number).setReason(reason).build(),
        ProgramCodec::program);
  }

  @Override
  public Answer<List<DeviceStanding>> drain(
      String endpoint, List<Integer> deviceIndexes, long deadlineNanos, String reason) {
    return calls.ask(
        endpoint,
        AgentControlServiceGrpc.getDrainMethod(),
        DrainRequest.newBuilder()
            .addAllDeviceIndexes(deviceIndexes)
            .setDeadlineNanos(deadlineNanos)
            .setReason(reason)
            .build(),
        GrpcAgentCommands::standings);
  }

  @Override
  public Answer<List<DeviceStanding>> takeBack(String endpoint, List<Integer> deviceIndexes) {
    return calls.ask(
        endpoint,
        AgentControlServiceGrpc.getReturnMethod(),
        ReturnRequest.newBuilder().addAllDeviceIndexes(deviceIndexes).build(),
        GrpcAgentCommands::standings);
  }

  private static List<DeviceStanding> standings(DrainReply reply) throws MalformedMessageException {
    return GrpcHostQueries.each(reply.getDevicesList(), ControlCodec::device);
  }

  private static RunProgramRequest encode(ProgramOrder order) {
    RunProgramRequest.Builder request =
        RunProgramRequest.newBuilder()
            .setDeviceIndex(order.deviceIndex())
            .setHostId(order.hostId())
            .setSpaceId(order.spaceId())
            .setDeadlineNanos(order.deadlineNanos())
            .setExclusive(order.exclusive());
    tie(request, order.ties());
    switch (order.task()) {
      case ProgramOrder.Task.Fill fill ->
          request.setFill(
              Fill.newBuilder()
                  .setAddress(fill.address())
                  .setLength(fill.length())
                  .setWord(fill.word()));
      case ProgramOrder.Task.Copy copy ->
          request.setCopy(
              Copy.newBuilder()
                  .setSource(copy.source())
                  .setTarget(copy.target())
                  .setLength(copy.length()));
      case ProgramOrder.Task.Add add ->
          request.setAdd(
              Add.newBuilder()
                  .setA(add.a())
                  .setB(add.b())
                  .setTarget(add.target())
                  .setLength(add.length()));
      case ProgramOrder.Task.Checksum sum ->
          request.setChecksum(
              Checksum.newBuilder().setAddress(sum.address()).setLength(sum.length()));
      case ProgramOrder.Task.PointerChase chase ->
          request.setPointerChase(
              PointerChase.newBuilder().setStart(chase.start()).setHops(chase.hops()));
      case ProgramOrder.Task.RandomAccess random -> request.setRandomAccess(encode(random));
      case ProgramOrder.Task.AtomicAdd add ->
          request.setAtomicAdd(
              AtomicAdd.newBuilder()
                  .setAddress(add.address())
                  .setTimes(add.times())
                  .setOperand(add.operand()));
    }
    return request.build();
  }

  private static void tie(RunProgramRequest.Builder request, ProgramOrder.Ties ties) {
    for (ProgramOrder.SyncPoint point : ties.waitsFor()) {
      SyncPoint.Builder wire =
          request.addWaitsForBuilder().setAgentId(point.agentId()).setTarget(point.endpoint());
      if (point.number() == 0) {
        wire.setName(point.name());
      } else {
        wire.setProgramNumber(point.number());
      }
    }
    request.setSignals(ties.signals()).setReplayable(ties.replayable());
    ProgramOrder.Hold holds = ties.holds();
    if (holds != null) {
      request
          .setHolds(Interval.newBuilder().setStart(holds.start()).setEnd(holds.end()))
          .setHoldsForWriting(holds.writing());
    }
  }

  private static RandomAccess encode(ProgramOrder.Task.RandomAccess random) {
    return RandomAccess.newBuilder()
        .setAddress(random.address())
        .setLength(random.length())
        .setOperations(random.operations())
        .setWritePercent(random.writePercent())
        .setSeed(random.seed())
        .setWriter(random.writer())
        .setFirstCounter(random.firstCounter())
        .setStrideWords(random.strideWords())
        .build();
  }
}
