package dev.fenceline.agent.runtime;

import dev.fenceline.agent.runtime.program.Dependencies;
import dev.fenceline.agent.runtime.program.Program;
import dev.fenceline.agent.runtime.program.ProgramReport;
import dev.fenceline.agent.runtime.program.ProgramReport.Failure;
import dev.fenceline.agent.runtime.program.ProgramRun;
import dev.fenceline.agent.runtime.program.SyncPoint;
import dev.fenceline.model.Errno;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One program on its unit: takes what it holds, waits for its sync points, runs, lets go; from the
 * start again each time it is preempted. Confined to the unit's thread.
 *
 * <p>What a program holds stays announced while it waits, so that an invalidation of it waits for
 * the program, and through it for others: this is how the deadlock of DESIGN 3.6 comes about, and
 * preemption is one of the two ways out of it.
 */
final class DependentRun {
  /** How a sync point is waited for, wherever it is. */
  @FunctionalInterface
  interface Waiting {
    boolean await(SyncPoint point, long timeoutNanos) throws InterruptedException;
  }

  /** How soon a wait notices that its program is to stop. */
  private static final long NOTICED_NANOS = 50_000_000;

  /** Before it begins again: whoever preempted it goes first. */
  private static final long FIRST_PAUSE_NANOS = 1_000_000;

  private static final long LONGEST_PAUSE_NANOS = 64_000_000;

  private final Dependencies dependencies;
  private final Program program;
  private final Supplier<UnitAccess> accesses;
  private final Waiting waiting;
  private final LongSupplier clock;
  private final long deadlineNanos;
  private final ProgramProgress progress;

  DependentRun(
      ProgramDesk.Order order,
      Supplier<UnitAccess> accesses,
      Waiting waiting,
      LongSupplier clock,
      long deadlineNanos,
      ProgramProgress progress) {
    this.dependencies = order.dependencies();
    this.program = order.program();
    this.accesses = accesses;
    this.waiting = waiting;
    this.clock = clock;
    this.deadlineNanos = deadlineNanos;
    this.progress = progress;
  }

  ProgramReport run() throws InterruptedException {
    long pauseNanos = FIRST_PAUSE_NANOS;
    while (true) {
      ProgramReport report = once();
      if (report.failure() == null
          || !dependencies.replayable()
          || !progress.beginsAgain()
          || clock.getAsLong() >= deadlineNanos) {
        return report;
      }
      TimeUnit.NANOSECONDS.sleep(pauseNanos);
      pauseNanos = Math.min(LONGEST_PAUSE_NANOS, 2 * pauseNanos);
    }
  }

  private ProgramReport once() throws InterruptedException {
    UnitAccess access = accesses.get();
    try {
      Failure failure = dependencies.holds() ? access.hold(dependencies) : null;
      if (failure == null) {
        failure = await(access);
      }
      return failure == null
          ? new ProgramRun(access, clock).run(program)
          : ProgramReport.refused(failure.errno(), failure.message(), failure.address());
    } finally {
      access.letGo();
    }
  }

  private @Nullable Failure await(UnitAccess access) throws InterruptedException {
    for (SyncPoint point : dependencies.waitsFor()) {
      progress.awaits(List.of(point), clock.getAsLong());
      try {
        Failure failure = await(access, point);
        if (failure != null) {
          return failure;
        }
      } finally {
        progress.awaits(List.of(), 0);
      }
    }
    return null;
  }

  private @Nullable Failure await(UnitAccess access, SyncPoint point) throws InterruptedException {
    while (true) {
      String stop = progress.stopped();
      if (stop != null) {
        return new Failure(Errno.EAGAIN, stop, null);
      }
      if (access.holdLost()) {
        progress.preempt("the session has ended under which it held its pages");
        continue;
      }
      long left = deadlineNanos - clock.getAsLong();
      if (left <= 0) {
        return new Failure(
            Errno.ETIME, point + " was not reached before the program's deadline", null);
      }
      if (waiting.await(point, Math.min(left, NOTICED_NANOS))) {
        return null;
      }
    }
  }
}
