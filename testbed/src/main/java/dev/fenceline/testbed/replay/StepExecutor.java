package dev.fenceline.testbed.replay;

import dev.fenceline.common.v1.Errno;
import dev.fenceline.common.v1.NotificationMode;
import dev.fenceline.common.v1.WaitPolicy;
import dev.fenceline.space.v1.AdviseRequest;
import dev.fenceline.space.v1.BrkRequest;
import dev.fenceline.space.v1.MapRequest;
import dev.fenceline.space.v1.OperationReply;
import dev.fenceline.space.v1.ProtectRequest;
import dev.fenceline.space.v1.RemapRequest;
import dev.fenceline.space.v1.UnmapRequest;
import dev.fenceline.testbed.client.AddressSpaceClient;
import dev.fenceline.testbed.client.RefusedException;

/** Carries out single steps on a host; knows nothing of what is checked. Thread-safe. */
final class StepExecutor {
  private static final WaitPolicy BLOCK =
      WaitPolicy.newBuilder().setMode(WaitPolicy.Mode.MODE_BLOCK).build();
  private static final WaitPolicy TRY =
      WaitPolicy.newBuilder().setMode(WaitPolicy.Mode.MODE_TRY).build();

  private final AddressSpaceClient spaces;
  private final OperationTally tally;

  StepExecutor(AddressSpaceClient spaces, OperationTally tally) {
    this.spaces = spaces;
    this.tally = tally;
  }

  /** The last call of a step: when it was made and answered, and the answer. */
  record Done(OperationReply reply, PageEffects.Span span) {}

  long create(String name, NotificationMode mode) {
    tally.count("create", 1);
    return spaces.create(name, mode);
  }

  long fork(long hostSpace, String name) {
    tally.count("fork", 1);
    return spaces.fork(hostSpace, name);
  }

  Done destroy(long hostSpace) {
    return timed("destroy", policy -> spaces.destroy(hostSpace), BLOCK);
  }

  /**
   * Changes a space.
   *
   * @param impatient whether to try without waiting first, and only then to wait
   * @throws RefusedException if the host refuses
   */
  Done change(ReplayStep step, long hostSpace, boolean impatient) {
    if (impatient) {
      try {
        Done tried = timed(step.kind(), policy -> call(step, hostSpace, policy), TRY);
        if (tried.reply().getOutcome() == OperationReply.Outcome.OUTCOME_DONE) {
          return tried;
        }
      } catch (RefusedException e) {
        if (e.errno() != Errno.ERRNO_EAGAIN) {
          throw e;
        }
      }
    }
    return timed(step.kind(), policy -> call(step, hostSpace, policy), BLOCK);
  }

  private interface Call {
    OperationReply with(WaitPolicy policy);
  }

  private Done timed(String kind, Call call, WaitPolicy policy) {
    long invoked = System.nanoTime();
    OperationReply reply = call.with(policy);
    long responded = System.nanoTime();
    tally.reply(kind, reply);
    return new Done(reply, new PageEffects.Span(invoked, responded));
  }

  private OperationReply call(ReplayStep step, long hostSpace, WaitPolicy policy) {
    return switch (step) {
      case ReplayStep.Map map -> map(map, hostSpace, policy);
      case ReplayStep.Unmap unmap ->
          spaces.unmap(
              UnmapRequest.newBuilder()
                  .setSpaceId(hostSpace)
                  .setAddress(unmap.range().address())
                  .setLength(unmap.range().lengthBytes())
                  .setWait(policy)
                  .build());
      case ReplayStep.Protect protect ->
          spaces.protect(
              ProtectRequest.newBuilder()
                  .setSpaceId(hostSpace)
                  .setAddress(protect.range().address())
                  .setLength(protect.range().lengthBytes())
                  .setProtection(Protections.message(protect.protection()))
                  .setWait(policy)
                  .build());
      case ReplayStep.Remap remap -> remap(remap, hostSpace, policy);
      case ReplayStep.Brk brk ->
          spaces.brk(
              BrkRequest.newBuilder()
                  .setSpaceId(hostSpace)
                  .setEnd(brk.end())
                  .setWait(policy)
                  .build());
      case ReplayStep.Discard discard ->
          advise(discard.range(), AdviseRequest.Advice.ADVICE_DONTNEED, hostSpace, policy);
      case ReplayStep.Prefetch prefetch ->
          advise(prefetch.range(), AdviseRequest.Advice.ADVICE_WILLNEED, hostSpace, policy);
      case ReplayStep.Create create -> throw notAChange(create);
      case ReplayStep.Fork fork -> throw notAChange(fork);
      case ReplayStep.Destroy destroy -> throw notAChange(destroy);
    };
  }

  private static IllegalArgumentException notAChange(ReplayStep step) {
    return new IllegalArgumentException("not a change of one space: " + step);
  }

  private OperationReply map(ReplayStep.Map map, long hostSpace, WaitPolicy policy) {
    return spaces.map(
        MapRequest.newBuilder()
            .setSpaceId(hostSpace)
            .setAddress(map.range().address())
            .setLength(map.range().lengthBytes())
            .setProtection(Protections.message(map.content().protection()))
            .setPlacement(MapRequest.Placement.PLACEMENT_FIXED)
            .setShared(map.content().shared())
            .setBacking(map.content().backing())
            .setOffset(map.content().offsetBytes())
            .setWait(policy)
            .build());
  }

  private OperationReply remap(ReplayStep.Remap remap, long hostSpace, WaitPolicy policy) {
    RemapRequest.Builder request =
        RemapRequest.newBuilder()
            .setSpaceId(hostSpace)
            .setOldAddress(remap.oldRange().address())
            .setOldLength(remap.oldRange().lengthBytes())
            .setNewLength(remap.newRange().lengthBytes())
            .setMayMove(remap.moves())
            .setWait(policy);
    if (remap.moves()) {
      request.setNewAddress(remap.newRange().address());
    }
    return spaces.remap(request.build());
  }

  private OperationReply advise(
      PageRange range, AdviseRequest.Advice advice, long hostSpace, WaitPolicy policy) {
    return spaces.advise(
        AdviseRequest.newBuilder()
            .setSpaceId(hostSpace)
            .setAddress(range.address())
            .setLength(range.lengthBytes())
            .setAdvice(advice)
            .setWait(policy)
            .build());
  }
}
