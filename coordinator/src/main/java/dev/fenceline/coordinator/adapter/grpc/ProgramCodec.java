package dev.fenceline.coordinator.adapter.grpc;

import dev.fenceline.coordinator.engine.query.Program;
import dev.fenceline.device.v1.ProgramInfo;
import dev.fenceline.device.v1.ProgramResult;
import dev.fenceline.wire.CommonCodec;
import dev.fenceline.wire.MalformedMessageException;

/** Programs, from the wire into the coordinator's words. Stateless. */
final class ProgramCodec {
  private ProgramCodec() {}

  static Program program(ProgramInfo info) throws MalformedMessageException {
    Program.State state =
        switch (info.getState()) {
          case STATE_QUEUED -> Program.State.QUEUED;
          case STATE_RUNNING -> Program.State.RUNNING;
          case STATE_DONE -> Program.State.DONE;
          case STATE_FAILED -> Program.State.FAILED;
          case STATE_CANCELLED -> Program.State.CANCELLED;
          case STATE_UNSPECIFIED, UNRECOGNIZED ->
              throw QueryCodec.unknown("state", info.getState());
        };
    return new Program(
        info.getProgramNumber(),
        info.getDeviceIndex(),
        info.getHostId(),
        info.getSpaceId(),
        info.getKind(),
        state,
        info.getSubmittedAtMillis(),
        info.getStartedAtMillis(),
        info.getEndedAtMillis(),
        info.getOperationsDone(),
        info.getOperationsTotal(),
        info.hasWaitsAtAddress() ? info.getWaitsAtAddress() : null,
        info.getWaitsElapsedNanos(),
        ties(info),
        info.hasResult() && !state.isPending() ? result(info.getResult()) : null);
  }

  private static Program.Ties ties(ProgramInfo info) {
    return new Program.Ties(
        info.getWaitsForList().stream()
            .map(
                point ->
                    new Program.SyncPoint(
                        point.getAgentId(), point.getProgramNumber(), point.getName()))
            .toList(),
        info.getSignals(),
        info.getHolds().getStart(),
        info.getHolds().getEnd(),
        info.getReplayable(),
        info.getPreemptions());
  }

  private static Program.Result result(ProgramResult result) throws MalformedMessageException {
    return new Program.Result(
        CommonCodec.decode(result.getErrno()),
        result.getMessage(),
        result.hasFaultAddress() ? result.getFaultAddress() : null,
        result.getElapsedNanos(),
        result.getOperations(),
        result.getFaults(),
        result.getFaultRetries(),
        result.getSum(),
        Integer.toUnsignedLong(result.getCrc32C()),
        result.getValue());
  }
}
