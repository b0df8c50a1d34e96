package dev.fenceline.coordinator.adapter.grpc;

import dev.fenceline.coordinator.engine.command.OperationResult;
import dev.fenceline.coordinator.engine.command.SpaceOperation;
import dev.fenceline.model.WaitPolicy;
import dev.fenceline.space.v1.AdviseRequest;
import dev.fenceline.space.v1.InvalidateRequest;
import dev.fenceline.space.v1.MapRequest;
import dev.fenceline.space.v1.OperationReply;
import dev.fenceline.space.v1.ProtectRequest;
import dev.fenceline.space.v1.RemapRequest;
import dev.fenceline.space.v1.SetAttributesRequest;
import dev.fenceline.space.v1.UnmapRequest;
import dev.fenceline.wire.MalformedMessageException;
import dev.fenceline.wire.RangeAttributesCodec;

/** Changes of address spaces, between the coordinator's words and the wire. Stateless. */
final class SpaceOperationCodec {
  private SpaceOperationCodec() {}

  static MapRequest encode(long spaceId, SpaceOperation.Map map) {
    return MapRequest.newBuilder()
        .setSpaceId(spaceId)
        .setAddress(map.address())
        .setLength(map.length())
        .setProtection(protection(map.protection()))
        .setPlacement(
            switch (map.placement()) {
              case ANYWHERE -> MapRequest.Placement.PLACEMENT_ANYWHERE;
              case FIXED -> MapRequest.Placement.PLACEMENT_FIXED;
              case FIXED_NOREPLACE -> MapRequest.Placement.PLACEMENT_FIXED_NOREPLACE;
            })
        .setShared(map.shared())
        .setBacking(map.backing())
        .setOffset(map.offset())
        .setHugetlb(map.hugetlb())
        .setWait(wait(map.waiting()))
        .build();
  }

  static UnmapRequest encode(long spaceId, SpaceOperation.Unmap unmap) {
    return UnmapRequest.newBuilder()
        .setSpaceId(spaceId)
        .setAddress(unmap.address())
        .setLength(unmap.length())
        .setWait(wait(unmap.waiting()))
        .build();
  }

  static ProtectRequest encode(long spaceId, SpaceOperation.Protect protect) {
    return ProtectRequest.newBuilder()
        .setSpaceId(spaceId)
        .setAddress(protect.address())
        .setLength(protect.length())
        .setProtection(protection(protect.protection()))
        .setWait(wait(protect.waiting()))
        .build();
  }

  static RemapRequest encode(long spaceId, SpaceOperation.Remap remap) {
    RemapRequest.Builder request =
        RemapRequest.newBuilder()
            .setSpaceId(spaceId)
            .setOldAddress(remap.address())
            .setOldLength(remap.length())
            .setNewLength(remap.newLength())
            .setMayMove(remap.mayMove())
            .setWait(wait(remap.waiting()));
    Long newAddress = remap.newAddress();
    if (newAddress != null) {
      request.setNewAddress(newAddress);
    }
    return request.build();
  }

  static AdviseRequest encode(long spaceId, SpaceOperation.Advise advise) {
    return AdviseRequest.newBuilder()
        .setSpaceId(spaceId)
        .setAddress(advise.address())
        .setLength(advise.length())
        .setAdvice(
            switch (advise.advice()) {
              case NORMAL -> AdviseRequest.Advice.ADVICE_NORMAL;
              case DONTNEED -> AdviseRequest.Advice.ADVICE_DONTNEED;
              case FREE -> AdviseRequest.Advice.ADVICE_FREE;
              case WILLNEED -> AdviseRequest.Advice.ADVICE_WILLNEED;
              case DONTFORK -> AdviseRequest.Advice.ADVICE_DONTFORK;
              case DOFORK -> AdviseRequest.Advice.ADVICE_DOFORK;
              case WIPEONFORK -> AdviseRequest.Advice.ADVICE_WIPEONFORK;
              case KEEPONFORK -> AdviseRequest.Advice.ADVICE_KEEPONFORK;
              case HUGEPAGE -> AdviseRequest.Advice.ADVICE_HUGEPAGE;
              case NOHUGEPAGE -> AdviseRequest.Advice.ADVICE_NOHUGEPAGE;
              case COLLAPSE -> AdviseRequest.Advice.ADVICE_COLLAPSE;
            })
        .setWait(wait(advise.waiting()))
        .build();
  }

  static SetAttributesRequest encode(long spaceId, SpaceOperation.SetAttributes set) {
    return SetAttributesRequest.newBuilder()
        .setSpaceId(spaceId)
        .setAddress(set.address())
        .setLength(set.length())
        .setAttributes(RangeAttributesCodec.encode(set.attributes()))
        .build();
  }

  static InvalidateRequest encode(long spaceId, SpaceOperation.Invalidate invalidate) {
    return InvalidateRequest.newBuilder()
        .setSpaceId(spaceId)
        .setAddress(invalidate.address())
        .setLength(invalidate.length())
        .setWait(wait(invalidate.waiting()))
        .build();
  }

  static OperationResult result(OperationReply reply) throws MalformedMessageException {
    boolean done =
        switch (reply.getOutcome()) {
          case OUTCOME_DONE -> true;
          case OUTCOME_BACKED_OFF -> false;
          case OUTCOME_UNSPECIFIED, UNRECOGNIZED ->
              throw QueryCodec.unknown("outcome", reply.getOutcome());
        };
    return new OperationResult(
        done,
        reply.getAddress(),
        reply.getInvalidationId(),
        reply.getScheduleNanos(),
        reply.getUnmapNanos(),
        reply.getWaitNanos(),
        Integer.toUnsignedLong(reply.getFencesWaited()));
  }

  private static dev.fenceline.common.v1.Protection protection(
      dev.fenceline.model.Protection protection) {
    return dev.fenceline.common.v1.Protection.newBuilder()
        .setRead(protection.read())
        .setWrite(protection.write())
        .setExecute(protection.execute())
        .build();
  }

  private static dev.fenceline.common.v1.WaitPolicy wait(WaitPolicy waiting) {
    var policy = dev.fenceline.common.v1.WaitPolicy.newBuilder();
    return switch (waiting) {
      case WaitPolicy.Block ignored ->
          policy.setMode(dev.fenceline.common.v1.WaitPolicy.Mode.MODE_BLOCK).build();
      case WaitPolicy.Try ignored ->
          policy.setMode(dev.fenceline.common.v1.WaitPolicy.Mode.MODE_TRY).build();
      case WaitPolicy.Deadline deadline ->
          policy
              .setMode(dev.fenceline.common.v1.WaitPolicy.Mode.MODE_DEADLINE)
              .setDeadlineNanos(deadline.nanos())
              .build();
    };
  }
}
