package dev.fenceline.wire;

import com.google.protobuf.UnsafeByteOperations;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Pages;

/**
 * What travels on a transfer stream: {@link DmaRequest}, {@link DmaReply} and their wire forms.
 * Stateless. Encoding does not copy the page bytes: who encodes gives the array away.
 */
public final class DmaCodec {
  private DmaCodec() {}

  public static dev.fenceline.transfer.v1.DmaRequest encode(DmaRequest request) {
    dev.fenceline.transfer.v1.DmaRequest.Builder wire =
        dev.fenceline.transfer.v1.DmaRequest.newBuilder()
            .setRequestId(request.requestId())
            .setHostEpoch(request.hostEpoch())
            .setSessionId(request.sessionId())
            .setSpaceId(request.spaceId())
            .setDeviceIndex(request.deviceIndex())
            .setAddress(request.address())
            .setLength(request.length())
            .setOperation(encode(request.operation()))
            .setData(UnsafeByteOperations.unsafeWrap(request.data()))
            .setOperand(request.operand())
            .setExpected(request.expected())
            .setMigrationId(request.migrationId());
    for (int generation : request.generations()) {
      wire.addGenerations(generation);
    }
    return wire.build();
  }

  /** The request, checked in itself; the caller answers MALFORMED to what is refused here. */
  public static DmaRequest decode(dev.fenceline.transfer.v1.DmaRequest wire)
      throws MalformedMessageException {
    DmaRequest.Operation operation = decode(wire.getOperation());
    int length = WireChecks.inRange("dma.length", wire.getLength(), 1, DmaRequest.MAX_LENGTH_BYTES);
    long address = wire.getAddress();
    if (address < 0 || address > Pages.ADDRESS_LIMIT - length) {
      throw WireChecks.malformed(
          "dma.address", "0x" + Long.toHexString(address), "within [0, 2^47) with its length");
    }
    checkShape(wire, operation);
    int[] generations = new int[wire.getGenerationsCount()];
    for (int i = 0; i < generations.length; i++) {
      generations[i] =
          WireChecks.inRange(
              "dma.generations", wire.getGenerations(i), 0, WireChecks.GENERATION_LIMIT - 1);
    }
    return new DmaRequest(
        wire.getRequestId(),
        wire.getHostEpoch(),
        wire.getSessionId(),
        wire.getSpaceId(),
        WireChecks.deviceIndex(wire.getDeviceIndex()),
        address,
        length,
        operation,
        generations,
        OwnBytes.of(wire.getData()),
        wire.getOperand(),
        wire.getExpected(),
        wire.getMigrationId());
  }

  private static void checkShape(
      dev.fenceline.transfer.v1.DmaRequest wire, DmaRequest.Operation operation)
      throws MalformedMessageException {
    int dataLength = operation == DmaRequest.Operation.WRITE ? wire.getLength() : 0;
    WireChecks.inRange("length of dma.data", wire.getData().size(), dataLength, dataLength);
    int pages = Pages.touched(wire.getAddress(), wire.getLength());
    WireChecks.inRange("number of dma.generations", wire.getGenerationsCount(), pages, pages);
    boolean atomic =
        switch (operation) {
          case READ, WRITE -> false;
          case FETCH_ADD, COMPARE_AND_SET -> true;
        };
    if (atomic && wire.getMigrationId() != 0) {
      throw WireChecks.malformed(
          "dma.migration_id of an atomic", wire.getMigrationId(), "0: only bytes migrate");
    }
    if (atomic && (wire.getLength() != Long.BYTES || wire.getAddress() % Long.BYTES != 0)) {
      throw WireChecks.malformed(
          "dma.address of an atomic",
          "0x" + Long.toHexString(wire.getAddress()) + " with length " + wire.getLength(),
          "a multiple of 8 with length 8");
    }
  }

  public static dev.fenceline.transfer.v1.DmaReply encode(DmaReply reply) {
    return dev.fenceline.transfer.v1.DmaReply.newBuilder()
        .setRequestId(reply.requestId())
        .setOutcome(
            switch (reply.outcome()) {
              case DONE -> dev.fenceline.transfer.v1.DmaReply.Outcome.OUTCOME_DONE;
              case STALE_SESSION ->
                  dev.fenceline.transfer.v1.DmaReply.Outcome.OUTCOME_STALE_SESSION;
              case STALE_PAGE -> dev.fenceline.transfer.v1.DmaReply.Outcome.OUTCOME_STALE_PAGE;
              case READ_ONLY -> dev.fenceline.transfer.v1.DmaReply.Outcome.OUTCOME_READ_ONLY;
              case MALFORMED -> dev.fenceline.transfer.v1.DmaReply.Outcome.OUTCOME_MALFORMED;
            })
        .setData(UnsafeByteOperations.unsafeWrap(reply.data()))
        .setPrevious(reply.previous())
        .setMessage(reply.message())
        .build();
  }

  public static DmaReply decode(dev.fenceline.transfer.v1.DmaReply wire)
      throws MalformedMessageException {
    DmaReply.Outcome outcome =
        switch (wire.getOutcome()) {
          case OUTCOME_DONE -> DmaReply.Outcome.DONE;
          case OUTCOME_STALE_SESSION -> DmaReply.Outcome.STALE_SESSION;
          case OUTCOME_STALE_PAGE -> DmaReply.Outcome.STALE_PAGE;
          case OUTCOME_READ_ONLY -> DmaReply.Outcome.READ_ONLY;
          case OUTCOME_MALFORMED -> DmaReply.Outcome.MALFORMED;
          case OUTCOME_UNSPECIFIED, UNRECOGNIZED ->
              throw WireChecks.malformed("dma_reply.outcome", wire.getOutcome(), "one of Outcome");
        };
    return new DmaReply(
        wire.getRequestId(),
        outcome,
        OwnBytes.of(wire.getData()),
        wire.getPrevious(),
        wire.getMessage());
  }

  private static dev.fenceline.transfer.v1.DmaRequest.Operation encode(
      DmaRequest.Operation operation) {
    return switch (operation) {
      case READ -> dev.fenceline.transfer.v1.DmaRequest.Operation.OPERATION_READ;
      case WRITE -> dev.fenceline.transfer.v1.DmaRequest.Operation.OPERATION_WRITE;
      case FETCH_ADD -> dev.fenceline.transfer.v1.DmaRequest.Operation.OPERATION_FETCH_ADD;
      case COMPARE_AND_SET ->
          dev.fenceline.transfer.v1.DmaRequest.Operation.OPERATION_COMPARE_AND_SET;
    };
  }

  private static DmaRequest.Operation decode(
      dev.fenceline.transfer.v1.DmaRequest.Operation operation) throws MalformedMessageException {
    return switch (operation) {
      case OPERATION_READ -> DmaRequest.Operation.READ;
      case OPERATION_WRITE -> DmaRequest.Operation.WRITE;
      case OPERATION_FETCH_ADD -> DmaRequest.Operation.FETCH_ADD;
      case OPERATION_COMPARE_AND_SET -> DmaRequest.Operation.COMPARE_AND_SET;
      case OPERATION_UNSPECIFIED, UNRECOGNIZED ->
          throw WireChecks.malformed("dma.operation", operation, "one of Operation");
    };
  }
}
