package dev.fenceline.agent.adapter.grpc;

import com.google.protobuf.UnsafeByteOperations;
import dev.fenceline.agent.runtime.ProgramDesk;
import dev.fenceline.agent.runtime.ProgramProgress;
import dev.fenceline.agent.runtime.program.Dependencies;
import dev.fenceline.agent.runtime.program.Program;
import dev.fenceline.agent.runtime.program.ProgramReport;
import dev.fenceline.agent.runtime.program.SyncPoint;
import dev.fenceline.common.v1.Interval;
import dev.fenceline.device.v1.AtomicAdd;
import dev.fenceline.device.v1.HistoryEntry;
import dev.fenceline.device.v1.ProgramInfo;
import dev.fenceline.device.v1.ProgramResult;
import dev.fenceline.device.v1.RandomAccess;
import dev.fenceline.device.v1.RunProgramRequest;
import dev.fenceline.wire.CommonCodec;
import org.jspecify.annotations.Nullable;

/** Programs and their reports, between the device service and the runtime. Stateless. */
final class ProgramCodec {
  private ProgramCodec() {}

  /** Null if none is named, or one that this version does not know. */
  static @Nullable Program decode(RunProgramRequest request) {
    return switch (request.getProgramCase()) {
      case FILL ->
          new Program.Fill(
              request.getFill().getAddress(),
              request.getFill().getLength(),
              request.getFill().getWord());
      case COPY ->
          new Program.Copy(
              request.getCopy().getSource(),
              request.getCopy().getTarget(),
              request.getCopy().getLength());
      case ADD ->
          new Program.Add(
              request.getAdd().getA(),
              request.getAdd().getB(),
              request.getAdd().getTarget(),
              request.getAdd().getLength());
      case CHECKSUM ->
          new Program.Checksum(
              request.getChecksum().getAddress(), request.getChecksum().getLength());
      case POINTER_CHASE ->
          new Program.PointerChase(
              request.getPointerChase().getStart(), request.getPointerChase().getHops());
      case RANDOM_ACCESS -> decode(request.getRandomAccess());
      case ATOMIC_ADD -> decode(request.getAtomicAdd());
      case ACCESS ->
          new Program.SingleAccess(
              request.getAccess().getAddress(),
              request.getAccess().getLength(),
              request.getAccess().getWrite(),
              request.getAccess().getData().toByteArray());
      case ACCESS_BATCH ->
          new Program.AccessBatch(
              request.getAccessBatch().getAccessesList().stream()
                  .mapToLong(Long::longValue)
                  .toArray(),
              request.getAccessBatch().getWriter(),
              request.getAccessBatch().getFirstCounter());
      case PROGRAM_NOT_SET -> null;
    };
  }

  private static Program decode(RandomAccess random) {
    return new Program.RandomAccess(
        random.getAddress(),
        random.getLength(),
        random.getOperations(),
        random.getWritePercent(),
        random.getSeed(),
        random.getWriter(),
        random.getFirstCounter(),
        random.getStrideWords());
  }

  private static Program decode(AtomicAdd add) {
    return new Program.AtomicAdd(add.getAddress(), add.getTimes(), add.getOperand());
  }

  /** What the program needs of others; it is checked where it is submitted. */
  static Dependencies dependencies(RunProgramRequest request) {
    if (request.getWaitsForCount() == 0
        && request.getSignals().isEmpty()
        && !request.hasHolds()
        && !request.getReplayable()
        && !request.getExclusive()) {
      return Dependencies.NONE;
    }
    return new Dependencies(
        request.getWaitsForList().stream()
            .map(
                point ->
                    new SyncPoint(
                        point.getAgentId(),
                        point.getTarget(),
                        point.getProgramNumber(),
                        point.getName()))
            .toList(),
        request.getSignals(),
        request.getHolds().getStart(),
        request.getHolds().getEnd(),
        request.getHoldsForWriting(),
        request.getReplayable(),
        request.getExclusive());
  }

  private static dev.fenceline.device.v1.SyncPoint encode(SyncPoint point) {
    var message =
        dev.fenceline.device.v1.SyncPoint.newBuilder()
            .setAgentId(point.agentId())
            .setTarget(point.target());
    return point.name().isEmpty()
        ? message.setProgramNumber(point.programNumber()).build()
        : message.setName(point.name()).build();
  }

  static ProgramInfo encode(ProgramDesk.ProgramView program) {
    ProgramInfo.Builder info =
        ProgramInfo.newBuilder()
            .setProgramNumber(program.number())
            .setDeviceIndex(program.order().deviceIndex())
            .setHostId(program.order().hostId())
            .setSpaceId(program.order().spaceId())
            .setKind(program.order().kind())
            .setState(
                switch (program.state()) {
                  case QUEUED -> ProgramInfo.State.STATE_QUEUED;
                  case RUNNING -> ProgramInfo.State.STATE_RUNNING;
                  case DONE -> ProgramInfo.State.STATE_DONE;
                  case FAILED -> ProgramInfo.State.STATE_FAILED;
                  case CANCELLED -> ProgramInfo.State.STATE_CANCELLED;
                })
            .setSubmittedAtMillis(program.submittedMillis())
            .setStartedAtMillis(program.startedMillis())
            .setEndedAtMillis(program.endedMillis())
            .setOperationsDone(program.operationsDone())
            .setOperationsTotal(program.order().operations());
    if (program.waitsAtAddress() != ProgramProgress.NOWHERE) {
      info.setWaitsAtAddress(program.waitsAtAddress());
    }
    Dependencies dependencies = program.dependencies();
    info.setWaitsElapsedNanos(program.waitsNanos())
        .setSignals(dependencies.signals())
        .setReplayable(dependencies.replayable())
        .setPreemptions(program.preemptions());
    program.awaited().forEach(point -> info.addWaitsFor(encode(point)));
    if (program.holding()) {
      info.setHolds(
          Interval.newBuilder().setStart(dependencies.holdStart()).setEnd(dependencies.holdEnd()));
    }
    ProgramReport result = program.result();
    if (result != null) {
      info.setResult(encode(result));
    }
    return info.build();
  }

  static ProgramResult encode(ProgramReport report) {
    ProgramResult.Builder result =
        ProgramResult.newBuilder()
            .setElapsedNanos(report.elapsedNanos())
            .setOperations(report.operations())
            .setFaults(report.faults())
            .setFaultRetries(report.faultRetries())
            .setRewrites(report.rewrites())
            .setSum(report.sum())
            .setCrc32C(report.crc32c())
            .setValue(report.value())
            .setData(UnsafeByteOperations.unsafeWrap(report.data()));
    ProgramReport.Failure failure = report.failure();
    if (failure != null) {
      result.setErrno(CommonCodec.encode(failure.errno())).setMessage(failure.message());
      Long address = failure.address();
      if (address != null) {
        result.setFaultAddress(address);
      }
    }
    for (ProgramReport.HistoryEntry entry : report.history()) {
      result.addHistory(encode(entry));
    }
    return result.build();
  }

  private static HistoryEntry encode(ProgramReport.HistoryEntry entry) {
    return HistoryEntry.newBuilder()
        .setKind(
            switch (entry.kind()) {
              case READ -> HistoryEntry.Kind.KIND_READ;
              case WRITE -> HistoryEntry.Kind.KIND_WRITE;
              case ADD -> HistoryEntry.Kind.KIND_ADD;
            })
        .setAddress(entry.address())
        .setValue(entry.value())
        .setInvokedNanos(entry.invokedNanos())
        .setRespondedNanos(entry.respondedNanos())
        .setInDoubt(entry.inDoubt())
        .build();
  }
}
