package dev.fenceline.agent.runtime;

import dev.fenceline.agent.engine.program.ProgramBook;
import dev.fenceline.agent.engine.program.ProgramEntry;
import dev.fenceline.agent.engine.program.ProgramEntry.State;
import dev.fenceline.agent.runtime.program.Dependencies;
import dev.fenceline.agent.runtime.program.Program;
import dev.fenceline.agent.runtime.program.ProgramFacts;
import dev.fenceline.agent.runtime.program.ProgramReport;
import dev.fenceline.agent.runtime.program.SyncPoint;
import dev.fenceline.model.Errno;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The programs of the agent as things that can be listed, followed and cancelled. Thread-safe: the
 * book is guarded by the desk's lock, under which nothing is called that waits.
 */
public final class ProgramDesk {
  /** What to run, where; immutable. */
  public record Order(
      HostLink link, Device device, long spaceId, Program program, Dependencies dependencies) {
    public Order(HostLink link, Device device, long spaceId, Program program) {
      this(link, device, spaceId, program, Dependencies.NONE);
    }
  }

  /** Whether a program was taken in; immutable. */
  public sealed interface Submitted {
    /** It waits for a unit; the report comes when it has ended. */
    record Accepted(long number, CompletableFuture<ProgramReport> report) implements Submitted {}

    record Refused(Errno errno, String message) implements Submitted {}
  }

  /** A program as it is at one moment; immutable. */
  public record ProgramView(
      long number,
      ProgramEntry.Order order,
      State state,
      long submittedMillis,
      long startedMillis,
      long endedMillis,
      long operationsDone,
      long waitsAtAddress,
      long waitsNanos,
      Dependencies dependencies,
      List<SyncPoint> awaited,
      boolean holding,
      int preemptions,
      @Nullable ProgramReport result) {}

  /** What became of a preemption; immutable. */
  public sealed interface Preempted {
    /** It lets go and begins again, or there was nothing to preempt. */
    record Taken(ProgramView program) implements Preempted {}

    /** It may not be run twice. */
    record NotReplayable() implements Preempted {}

    /** There was no such program, or it is forgotten. */
    record Unknown() implements Preempted {}
  }

  /** How a program is run on a unit; the runtime's part. */
  @FunctionalInterface
  interface Runner {
    ProgramReport run(Order order, int unit, long deadlineNanos, ProgramProgress progress)
        throws InterruptedException;
  }

  private static final ProgramReport STOPPING =
      ProgramReport.refused(Errno.UNAVAILABLE, "the agent stops", null);

  private final Runner runner;
  private final LongSupplier clock;
  private final Object lock = new Object();

  // Guarded by the lock.
  private final ProgramBook<ProgramProgress, ProgramReport> book =
      new ProgramBook<>(report -> report.data().length, report -> report.summary(false));

  /** Which program was submitted last that signals a name; guarded by the lock. */
  private final LinkedHashMap<String, Long> signallers =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > ProgramBook.MAX_ENDED;
        }
      };

  ProgramDesk(Runner runner, LongSupplier clock) {
    this.runner = runner;
    this.clock = clock;
  }

  /**
   * Queues a program for a unit of the device.
   *
   * @param deadlineNanos by the agent's clock
   */
  Submitted submit(Order order, long deadlineNanos) {
    ProgramProgress progress = new ProgramProgress(order.dependencies());
    ProgramEntry<ProgramProgress, ProgramReport> entry;
    synchronized (lock) {
      for (SyncPoint point : order.dependencies().waitsFor()) {
        if (point.target().isEmpty() && point.programNumber() > book.lastNumber()) {
          return new Submitted.Refused(
              Errno.EINVAL, point + ": a program waits only for what was submitted before it");
        }
      }
      entry =
          book.add(
              new ProgramEntry.Order(
                  order.device().index(),
                  order.link().hostId(),
                  order.spaceId(),
                  ProgramFacts.kind(order.program()),
                  ProgramFacts.operations(order.program())),
              progress,
              System.currentTimeMillis());
      if (!order.dependencies().signals().isEmpty()) {
        signallers.put(order.dependencies().signals(), entry.number());
      }
    }
    CompletableFuture<ProgramReport> answer = new CompletableFuture<>();
    boolean accepted =
        order
            .device()
            .offer(
                unit -> answer.complete(run(entry, order, unit, deadlineNanos)),
                () -> answer.complete(ended(entry, STOPPING)));
    if (!accepted) {
      synchronized (lock) {
        book.withdraw(entry);
      }
      return new Submitted.Refused(
          Errno.RESOURCE_EXHAUSTED,
          order.device().queuedPrograms() + " programs wait for the device already");
    }
    return new Submitted.Accepted(entry.number(), answer);
  }

  private ProgramReport run(
      ProgramEntry<ProgramProgress, ProgramReport> entry, Order order, int unit, long deadlineNanos)
      throws InterruptedException {
    boolean starts;
    synchronized (lock) {
      starts = book.start(entry, System.currentTimeMillis());
    }
    if (!starts) {
      ProgramReport result = entry.result();
      return result == null ? STOPPING : result;
    }
    return ended(entry, runner.run(order, unit, deadlineNanos, entry.work()));
  }

  private ProgramReport ended(
      ProgramEntry<ProgramProgress, ProgramReport> entry, ProgramReport report) {
    State how =
        report.failure() == null
            ? State.DONE
            : entry.work().cancelled() == null ? State.FAILED : State.CANCELLED;
    synchronized (lock) {
      book.end(entry, how, report.summary(true), System.currentTimeMillis());
      lock.notifyAll();
    }
    return report;
  }

  /** The program of that number; null if there was none or it is forgotten. */
  public @Nullable ProgramView find(long number) {
    synchronized (lock) {
      ProgramEntry<ProgramProgress, ProgramReport> entry = book.find(number);
      return entry == null ? null : view(entry);
    }
  }

  /**
   * Ends a program at its next access, or before it begins; one that has ended stays as it is.
   *
   * @return the program; null if there was none or it is forgotten
   */
  public @Nullable ProgramView cancel(long number, String why) {
    synchronized (lock) {
      ProgramEntry<ProgramProgress, ProgramReport> entry = book.find(number);
      if (entry != null) {
        cancel(entry, why);
      }
      return entry == null ? null : view(entry);
    }
  }

  /** Cancels whatever runs or waits on a device. */
  void cancelAll(int deviceIndex, String why) {
    synchronized (lock) {
      pending(deviceIndex).forEach(entry -> cancel(entry, why));
    }
  }

  private List<ProgramEntry<ProgramProgress, ProgramReport>> pending(int deviceIndex) {
    return book.list(
        0,
        entry -> entry.order().deviceIndex() == deviceIndex && !entry.state().ended(),
        Integer.MAX_VALUE);
  }

  private void cancel(ProgramEntry<ProgramProgress, ProgramReport> entry, String why) {
    if (entry.state().ended()) {
      return;
    }
    entry.work().cancel(why);
    if (entry.state() == State.QUEUED) {
      ProgramReport never = ProgramReport.refused(Errno.EAGAIN, why, null);
      book.end(entry, State.CANCELLED, never, System.currentTimeMillis());
      lock.notifyAll();
    }
  }

  /** Makes a replayable program that runs let go of what it holds and begin again. */
  public Preempted preempt(long number, String why) {
    synchronized (lock) {
      ProgramEntry<ProgramProgress, ProgramReport> entry = book.find(number);
      if (entry == null) {
        return new Preempted.Unknown();
      }
      if (!entry.work().dependencies().replayable()) {
        return new Preempted.NotReplayable();
      }
      if (entry.state() == State.RUNNING) {
        entry.work().preempt(why);
      }
      return new Preempted.Taken(view(entry));
    }
  }

  /**
   * Waits for a sync point of this agent.
   *
   * @return whether it is reached
   */
  public boolean await(SyncPoint point, long timeoutNanos) throws InterruptedException {
    long endNanos = clock.getAsLong() + timeoutNanos;
    synchronized (lock) {
      while (!reached(point)) {
        long left = endNanos - clock.getAsLong();
        if (left <= 0) {
          return false;
        }
        lock.wait(left / 1_000_000 + 1);
      }
      return true;
    }
  }

  /** A number that was given out and is not known any more has ended. */
  private boolean reached(SyncPoint point) {
    Long number = point.programNumber();
    if (!point.name().isEmpty()) {
      number = signallers.get(point.name());
    }
    if (number == null || number > book.lastNumber()) {
      return false;
    }
    ProgramEntry<ProgramProgress, ProgramReport> entry = book.find(number);
    return entry == null || entry.state().ended();
  }

  /**
   * The newest first.
   *
   * @param deviceIndex negative: of all devices
   * @param beforeNumber only smaller numbers; 0: all
   */
  public List<ProgramView> list(
      int deviceIndex, boolean pendingOnly, long beforeNumber, int limit) {
    Predicate<ProgramEntry<ProgramProgress, ProgramReport>> wanted =
        entry ->
            (deviceIndex < 0 || entry.order().deviceIndex() == deviceIndex)
                && (!pendingOnly || !entry.state().ended());
    List<ProgramView> views = new ArrayList<>();
    synchronized (lock) {
      book.list(beforeNumber, wanted, limit).forEach(entry -> views.add(view(entry)));
    }
    return views;
  }

  private ProgramView view(ProgramEntry<ProgramProgress, ProgramReport> entry) {
    ProgramProgress progress = entry.work();
    long waits =
        entry.state() == State.RUNNING ? progress.waitsAtAddress() : ProgramProgress.NOWHERE;
    ProgramReport result = entry.result();
    return new ProgramView(
        entry.number(),
        entry.order(),
        entry.state(),
        entry.submittedMillis(),
        entry.startedMillis(),
        entry.endedMillis(),
        result == null ? progress.operations() : result.operations(),
        waits,
        waits == ProgramProgress.NOWHERE && progress.awaited().isEmpty()
            ? 0
            : clock.getAsLong() - progress.waitsSinceNanos(),
        progress.dependencies(),
        progress.awaited(),
        progress.holding(),
        progress.preemptions(),
        result);
  }
}
