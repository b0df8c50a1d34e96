package dev.fenceline.testbed.replay;

import dev.fenceline.client.Advice;
import dev.fenceline.client.HostClient;
import dev.fenceline.client.Mapping;
import dev.fenceline.client.Move;
import dev.fenceline.client.OperationOutcome;
import dev.fenceline.client.RefusedException;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.model.Errno;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.WaitPolicy;

/** Carries out single steps on a host; knows nothing of what is checked. Thread-safe. */
final class StepExecutor {
  private final HostClient host;
  private final OperationTally tally;

  StepExecutor(HostClient host, OperationTally tally) {
    this.host = host;
    this.tally = tally;
  }

  /** The last call of a step: when it was made and answered, and the answer. */
  record Done(OperationOutcome outcome, PageEffects.Span span) {}

  long create(String name, NotificationMode mode) {
    tally.count("create", 1);
    return host.createSpace(name, mode).id();
  }

  long fork(long hostSpace, String name) {
    tally.count("fork", 1);
    return host.space(hostSpace).fork(name).id();
  }

  Done destroy(long hostSpace) {
    return timed("destroy", policy -> host.space(hostSpace).destroy(), WaitPolicy.BLOCK);
  }

  /**
   * Changes a space.
   *
   * @param impatient whether to try without waiting first, and only then to wait
   * @throws RefusedException if the host refuses
   */
  Done change(ReplayStep step, long hostSpace, boolean impatient) {
    SpaceClient space = host.space(hostSpace);
    if (impatient) {
      try {
        Done tried = timed(step.kind(), policy -> call(step, space, policy), WaitPolicy.TRY);
        if (tried.outcome() instanceof OperationOutcome.Done) {
          return tried;
        }
      } catch (RefusedException e) {
        if (e.errno() != Errno.EAGAIN) {
          throw e;
        }
      }
    }
    return timed(step.kind(), policy -> call(step, space, policy), WaitPolicy.BLOCK);
  }

  private interface Call {
    OperationOutcome with(WaitPolicy policy);
  }

  private Done timed(String kind, Call call, WaitPolicy policy) {
    long invoked = System.nanoTime();
    OperationOutcome outcome = call.with(policy);
    long responded = System.nanoTime();
    tally.outcome(kind, outcome);
    return new Done(outcome, new PageEffects.Span(invoked, responded));
  }

  private static OperationOutcome call(ReplayStep step, SpaceClient space, WaitPolicy policy) {
    return switch (step) {
      case ReplayStep.Map map -> space.map(mapping(map), policy);
      case ReplayStep.Unmap unmap ->
          space.unmap(unmap.range().address(), unmap.range().lengthBytes(), policy);
      case ReplayStep.Protect protect ->
          space.protect(
              protect.range().address(),
              protect.range().lengthBytes(),
              Protections.of(protect.protection()),
              policy);
      case ReplayStep.Remap remap -> space.remap(move(remap), policy);
      case ReplayStep.Brk brk -> space.brk(brk.end(), policy);
      case ReplayStep.Discard discard -> advise(space, discard.range(), Advice.DONTNEED, policy);
      case ReplayStep.Prefetch prefetch -> advise(space, prefetch.range(), Advice.WILLNEED, policy);
      case ReplayStep.Create create -> throw notAChange(create);
      case ReplayStep.Fork fork -> throw notAChange(fork);
      case ReplayStep.Destroy destroy -> throw notAChange(destroy);
    };
  }

  private static IllegalArgumentException notAChange(ReplayStep step) {
    return new IllegalArgumentException("not a change of one space: " + step);
  }

  private static Mapping mapping(ReplayStep.Map map) {
    return Mapping.at(
            map.range().address(),
            map.range().lengthBytes(),
            Protections.of(map.content().protection()))
        .of(map.content().backing(), map.content().offsetBytes(), map.content().shared());
  }

  private static Move move(ReplayStep.Remap remap) {
    return remap.moves()
        ? Move.to(
            remap.oldRange().address(),
            remap.oldRange().lengthBytes(),
            remap.newRange().lengthBytes(),
            remap.newRange().address())
        : Move.resize(
            remap.oldRange().address(),
            remap.oldRange().lengthBytes(),
            remap.newRange().lengthBytes());
  }

  private static OperationOutcome advise(
      SpaceClient space, PageRange range, Advice advice, WaitPolicy policy) {
    return space.advise(range.address(), range.lengthBytes(), advice, policy);
  }
}
