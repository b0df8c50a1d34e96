package dev.fenceline.client;

import dev.fenceline.common.v1.NotificationMode;
import dev.fenceline.common.v1.Protection;
import dev.fenceline.common.v1.WaitPolicy;
import dev.fenceline.space.v1.AdviseRequest;
import dev.fenceline.space.v1.MapRequest;
import dev.fenceline.space.v1.OperationReply;
import dev.fenceline.space.v1.RemapRequest;

/** The client's values as messages, and back. Stateless. */
final class SpaceRequests {
  private static final WaitPolicy BLOCK =
      WaitPolicy.newBuilder().setMode(WaitPolicy.Mode.MODE_BLOCK).build();
  private static final WaitPolicy TRY =
      WaitPolicy.newBuilder().setMode(WaitPolicy.Mode.MODE_TRY).build();

  private SpaceRequests() {}

  static NotificationMode mode(dev.fenceline.model.NotificationMode mode) {
    return switch (mode) {
      case SPLIT -> NotificationMode.NOTIFICATION_MODE_SPLIT;
      case SEQUENTIAL -> NotificationMode.NOTIFICATION_MODE_SEQUENTIAL;
    };
  }

  static WaitPolicy waiting(dev.fenceline.model.WaitPolicy policy) {
    return switch (policy) {
      case dev.fenceline.model.WaitPolicy.Block block -> BLOCK;
      case dev.fenceline.model.WaitPolicy.Try once -> TRY;
      case dev.fenceline.model.WaitPolicy.Deadline deadline ->
          WaitPolicy.newBuilder()
              .setMode(WaitPolicy.Mode.MODE_DEADLINE)
              .setDeadlineNanos(deadline.nanos())
              .build();
    };
  }

  static Protection protection(dev.fenceline.model.Protection protection) {
    return Protection.newBuilder()
        .setRead(protection.read())
        .setWrite(protection.write())
        .setExecute(protection.execute())
        .build();
  }

  static MapRequest map(long spaceId, Mapping mapping, dev.fenceline.model.WaitPolicy policy) {
    return MapRequest.newBuilder()
        .setSpaceId(spaceId)
        .setAddress(mapping.address())
        .setLength(mapping.length())
        .setProtection(protection(mapping.protection()))
        .setPlacement(placement(mapping.placement()))
        .setShared(mapping.shared())
        .setBacking(mapping.backing())
        .setOffset(mapping.offset())
        .setHugetlb(mapping.hugetlb())
        .setWait(waiting(policy))
        .build();
  }

  private static MapRequest.Placement placement(Mapping.Placement placement) {
    return switch (placement) {
      case ANYWHERE -> MapRequest.Placement.PLACEMENT_ANYWHERE;
      case FIXED -> MapRequest.Placement.PLACEMENT_FIXED;
      case FIXED_NOREPLACE -> MapRequest.Placement.PLACEMENT_FIXED_NOREPLACE;
    };
  }

  static RemapRequest remap(long spaceId, Move move, dev.fenceline.model.WaitPolicy policy) {
    RemapRequest.Builder request =
        RemapRequest.newBuilder()
            .setSpaceId(spaceId)
            .setOldAddress(move.address())
            .setOldLength(move.length())
            .setNewLength(move.newLength())
            .setMayMove(move.mayMove())
            .setWait(waiting(policy));
    move.newAddress().ifPresent(request::setNewAddress);
    return request.build();
  }

  static AdviseRequest.Advice advice(Advice advice) {
    return switch (advice) {
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
    };
  }

  static OperationOutcome outcome(OperationReply reply) {
    PhaseTimes times =
        new PhaseTimes(
            reply.getInvalidationId(),
            reply.getScheduleNanos(),
            reply.getUnmapNanos(),
            reply.getWaitNanos(),
            reply.getFencesWaited());
    return switch (reply.getOutcome()) {
      case OUTCOME_DONE -> new OperationOutcome.Done(reply.getAddress(), times);
      case OUTCOME_BACKED_OFF -> new OperationOutcome.BackedOff(times);
      case OUTCOME_UNSPECIFIED, UNRECOGNIZED ->
          throw new IllegalStateException("the host answered with no outcome known here");
    };
  }
}
