package dev.fenceline.testbed.replay;

import dev.fenceline.client.RefusedException;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.testbed.check.History;
import dev.fenceline.testbed.launch.Interruption;
import dev.fenceline.testbed.trace.StraceReader;
import dev.fenceline.testbed.trace.TraceEvent;
import dev.fenceline.testbed.trace.UnusableTrace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Repeats a recorded program's changes of its memory on a host, one after the other at full speed,
 * while a {@link Workload} uses that memory. Confined to one thread.
 */
final class TraceReplay {
  private static final int MAX_REMEMBERED_STEPS = 20_000;
  private static final int MAX_COPIED_WINDOWS = 6;
  private static final Duration TOUCH_PATIENCE = Duration.ofMillis(30);
  private static final Duration TOUCH_BUDGET = Duration.ofSeconds(8);
  private static final long PAGE = PageRange.PAGE_BYTES;

  private final Workload workload;
  private final StepExecutor executor;
  private final SplittableRandom random;
  private final Interruption interruption;
  private final History history = new History();
  private final PageEffects effects;
  private final SpaceVerifier verifier;
  private final List<ReplayStep> remembered = new ArrayList<>();
  private NavigableMap<Integer, LiveSpace> live = new TreeMap<>();
  private Duration linger = Duration.ZERO;
  private @Nullable Watcher watcher;
  private long touchBudgetNanos = TOUCH_BUDGET.toNanos();
  private long events;

  TraceReplay(
      Workload workload,
      StepExecutor executor,
      SplittableRandom random,
      Interruption interruption) {
    this.workload = workload;
    this.executor = executor;
    this.random = random;
    this.interruption = interruption;
    this.effects = new PageEffects(workload.book(), history, random.split());
    this.verifier = new SpaceVerifier(workload, history);
  }

  /** What the replay itself saw, and the values that memory was reset to. */
  History history() {
    return history;
  }

  /** The first steps of the first program, for other uses of the same trace. */
  List<ReplayStep> remembered() {
    return List.copyOf(remembered);
  }

  /** How many events have been replayed. */
  long events() {
    return events;
  }

  /** How many spaces there are at the moment. */
  int liveSpaces() {
    return live.size();
  }

  /** Told of progress. */
  interface Watcher {
    /** A line has been replayed. */
    void at(long line);

    /** The first program's space is complete and in use for the last time. */
    void lastLook(LiveSpace space) throws InterruptedException;
  }

  /**
   * Replays a whole recording, each space of it on one of its own.
   *
   * @param lingerAtEnd how long devices go on computing on the final state
   * @throws UnusableTrace if the recording holds no memory event
   */
  void run(StraceReader reader, Duration lingerAtEnd, Watcher watcher)
      throws IOException, UnusableTrace, InterruptedException {
    linger = lingerAtEnd;
    this.watcher = watcher;
    boolean first = remembered.isEmpty();
    ReplayPlanner planner = new ReplayPlanner();
    TraceEvent event = reader.next();
    while (event != null && !interruption.raised()) {
      events++;
      long line = event.site().lineNumber();
      if (event instanceof TraceEvent.Failed) {
        workload.tally().count("failed in the recording", 1);
      }
      for (ReplayStep step : planner.plan(event)) {
        remember(first, step);
        execute(step, line);
      }
      watcher.at(line);
      event = reader.next();
    }
    for (ReplayStep step : planner.finish()) {
      execute(step, 0);
    }
    live = new TreeMap<>();
  }

  private void remember(boolean first, ReplayStep step) {
    if (first && remembered.size() < MAX_REMEMBERED_STEPS) {
      remembered.add(step);
    }
  }

  private void execute(ReplayStep step, long line) throws InterruptedException {
    try {
      switch (step) {
        case ReplayStep.Create create -> create(create);
        case ReplayStep.Fork fork -> fork(fork);
        case ReplayStep.Destroy destroy -> destroy(destroy);
        case ReplayStep.Map map -> map(map);
        case ReplayStep.Unmap unmap -> {
          StepExecutor.Done done = change(unmap);
          effects.gone(space(unmap), unmap.range(), done.span());
        }
        case ReplayStep.Protect protect -> {
          StepExecutor.Done done = change(protect);
          effects.protectedAs(space(protect), protect.range(), protect.protection(), done.span());
        }
        case ReplayStep.Remap remap -> remap(remap);
        case ReplayStep.Brk brk -> brk(brk);
        case ReplayStep.Discard discard -> {
          StepExecutor.Done done = change(discard);
          effects.discarded(space(discard), discard.range(), done.span());
        }
        case ReplayStep.Prefetch prefetch -> change(prefetch);
      }
    } catch (RefusedException e) {
      workload
          .findings()
          .violation(
              "line %d: the kernel did it, the host refuses: %s: %s"
                  .formatted(line, step, e.getMessage()));
    }
  }

  private LiveSpace space(ReplayStep step) {
    LiveSpace space = live.get(step.space());
    if (space == null) {
      throw new IllegalStateException("no space for " + step);
    }
    return space;
  }

  /** Lets a device get hold of what is to be taken away, then makes the call. */
  private StepExecutor.Done change(ReplayStep step) throws InterruptedException {
    LiveSpace space = space(step);
    PageRange taken = step.takenAway();
    if (taken != null) {
      awaitTouch(PageEffects.windowsIn(space, taken));
    }
    boolean impatient = taken != null && random.nextInt(6) == 0;
    return executor.change(step, space.hostId(), impatient);
  }

  private void awaitTouch(List<CheckedWindow> windows) throws InterruptedException {
    long began = System.nanoTime();
    long patience = Math.min(TOUCH_PATIENCE.toNanos(), touchBudgetNanos);
    while (System.nanoTime() - began < patience
        && windows.stream().anyMatch(window -> window.usable() && !window.wasTouched())
        && !interruption.raised()) {
      Thread.sleep(Duration.ofNanos(200_000));
    }
    touchBudgetNanos -= System.nanoTime() - began;
  }

  private void create(ReplayStep.Create create) {
    long hostId = executor.create("replay-" + create.space(), NotificationMode.SPLIT);
    LiveSpace space = workload.book().addSpace(hostId, true);
    live.put(create.space(), space);
    StepExecutor.Done done =
        executor.change(
            new ReplayStep.Map(
                create.space(), LiveSpace.STEADY, ReplayStep.Content.PRIVATE, false, true),
            hostId,
            false);
    long start = LiveSpace.STEADY.start();
    effects.watched(space, start, done.span());
    for (int i = 0; i < 3; i++) {
      long from = start + PAGE + 5 * PAGE * i;
      PageRange part = PageRange.between(from, from + 5 * PAGE);
      effects.mapped(space, part, Protections.READ_WRITE, false, done.span());
    }
  }

  private void map(ReplayStep.Map map) throws InterruptedException {
    StepExecutor.Done done = change(map);
    ReplayStep.Content content = map.content();
    effects.mapped(space(map), map.range(), content.protection(), content.shared(), done.span());
  }

  private void brk(ReplayStep.Brk brk) throws InterruptedException {
    StepExecutor.Done done = change(brk);
    PageRange added = brk.added();
    if (added != null) {
      effects.mapped(space(brk), added, Protections.READ_WRITE, false, done.span());
    }
    PageRange removed = brk.removed();
    if (removed != null) {
      effects.gone(space(brk), removed, done.span());
    }
  }

  private void remap(ReplayStep.Remap remap) throws InterruptedException {
    LiveSpace space = space(remap);
    PageRange old = remap.oldRange();
    PageRange target = remap.newRange();
    boolean writable = space.readWrite(old.start());
    boolean shared =
        space.shared().stream().anyMatch(each -> each.overlaps(old.start(), old.end()));
    StepExecutor.Done done = change(remap);
    long kept = Math.min(old.end() - old.start(), target.end() - target.start());
    if (remap.moves()) {
      effects.gone(space, target, done.span());
      if (shared) {
        space.shared().add(target);
      }
      long shift = target.start() - old.start();
      for (long page :
          List.copyOf(space.registers().subMap(old.start(), old.start() + kept).keySet())) {
        copyPage(space, page, space, page + shift, done.span());
      }
      effects.gone(space, old, done.span());
    } else if (old.end() - old.start() > kept) {
      effects.gone(space, PageRange.between(old.start() + kept, old.end()), done.span());
    }
    if (target.end() - target.start() > kept) {
      effects.mapped(
          space,
          PageRange.between(target.start() + kept, target.end()),
          writable ? Protections.READ_WRITE : RightsTimeline.NOTHING,
          shared,
          done.span());
    }
  }

  private void fork(ReplayStep.Fork fork) {
    LiveSpace parent = space(fork);
    long invoked = System.nanoTime();
    long hostId = executor.fork(parent.hostId(), "replay-" + fork.child());
    PageEffects.Span span = new PageEffects.Span(invoked, System.nanoTime());
    LiveSpace child = workload.book().addSpace(hostId, false);
    child.shared().addAll(parent.shared());
    live.put(fork.child(), child);
    List<CheckedWindow> windows = parent.windows().reversed();
    windows.stream()
        .filter(CheckedWindow::usable)
        .limit(MAX_COPIED_WINDOWS)
        .forEach(window -> copyWindow(window, child, span));
  }

  private void copyWindow(CheckedWindow window, LiveSpace child, PageEffects.Span span) {
    PageRange registers = window.registers();
    for (long page = registers.start(); page < registers.end(); page += PAGE) {
      if (!copyPage(window.space(), page, child, page, span)) {
        return;
      }
    }
    effects.openCopied(child, registers);
  }

  private boolean copyPage(
      LiveSpace from, long fromPage, LiveSpace to, long toPage, PageEffects.Span span) {
    if (!from.readable(fromPage)) {
      return false;
    }
    byte[] bytes = workload.cluster().host().space(to.hostId()).read(toPage, (int) PAGE);
    ByteBuffer words = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    long[] addresses = CheckedWindow.words(toPage);
    long[] values = new long[addresses.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = words.getLong((int) (addresses[i] - toPage));
    }
    effects.copied(from, fromPage, to, toPage, new PageEffects.CopiedPage(values, span));
    return true;
  }

  private void destroy(ReplayStep.Destroy destroy) throws InterruptedException {
    LiveSpace space = space(destroy);
    if (destroy.space() == 0 && !interruption.raised()) {
      interruption.await(linger);
      Watcher told = watcher;
      if (told != null) {
        told.lastLook(space);
      }
    }
    boolean abrupt = !space.counting() && random.nextBoolean();
    effects.closeAll(space);
    space.close();
    if (!abrupt) {
      verifier.verify(space, destroy.expected());
    }
    StepExecutor.Done done = executor.destroy(space.hostId());
    effects.gone(space, PageRange.between(0, 1L << 47), done.span());
    live.remove(destroy.space());
  }
}
