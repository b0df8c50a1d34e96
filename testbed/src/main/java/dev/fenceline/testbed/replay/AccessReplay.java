package dev.fenceline.testbed.replay;

import dev.fenceline.model.NotificationMode;
import dev.fenceline.testbed.check.History;
import dev.fenceline.testbed.launch.Interruption;
import dev.fenceline.testbed.trace.LinuxFlags;
import dev.fenceline.testbed.trace.UnusableTrace;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.SplittableRandom;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Repeats a program's recorded loads and stores: slices of them are dealt out to devices and CPU
 * threads that run at the same time, on memory that a reclaimer keeps invalidating. Confined to one
 * thread.
 */
final class AccessReplay {
  private static final int SPACE = 0;
  private static final int WORKERS_PER_DEVICE = 2;
  private static final int CPU_WORKERS = 1;
  private static final int QUEUED_SLICES = 64;
  private static final int PAGES_PER_WINDOW = 4;
  private static final long OFFER_MILLIS = 50;
  private static final Duration RECLAIM_INTERVAL = Duration.ofMillis(5);

  private final Workload workload;
  private final StepExecutor executor;
  private final Interruption interruption;
  private final History history = new History();
  private final SpaceVerifier verifier;
  private final List<ReplayStep> steps = new ArrayList<>();
  private final List<MappingModel.Mapped> expected = new ArrayList<>();

  AccessReplay(Workload workload, StepExecutor executor, Interruption interruption) {
    this.workload = workload;
    this.executor = executor;
    this.interruption = interruption;
    this.verifier = new SpaceVerifier(workload, history);
  }

  /** What this thread itself saw. */
  History history() {
    return history;
  }

  /** The mappings made, and discards of all of it, for other uses of the same trace. */
  List<ReplayStep> steps() {
    return List.copyOf(steps);
  }

  /** Told of progress now and then. */
  interface Watcher {
    void at(long accesses);
  }

  /**
   * Replays.
   *
   * @param slices scanned
   */
  void run(AccessSlices slices, SplittableRandom random, Watcher watcher)
      throws IOException, UnusableTrace, InterruptedException {
    long hostId = executor.create("replay-accesses", NotificationMode.SPLIT);
    LiveSpace space = workload.book().addSpace(hostId, false);
    map(space, slices);
    BlockingQueue<long[]> queue = new ArrayBlockingQueue<>(QUEUED_SLICES);
    AtomicBoolean complete = new AtomicBoolean();
    List<Thread> workers =
        workload.startAccesses(
            new AccessWorker.Source(space, queue, complete::get), WORKERS_PER_DEVICE, CPU_WORKERS);
    workload.startReclaimer(random.split(), RECLAIM_INTERVAL);
    long[] dealt = {0};
    slices.deal(
        slice -> {
          boolean taken = false;
          while (!taken && !interruption.raised()) {
            taken = queue.offer(slice, OFFER_MILLIS, TimeUnit.MILLISECONDS);
            watcher.at(dealt[0]);
          }
          dealt[0] += slice.length;
          return !interruption.raised();
        });
    complete.set(true);
    for (Thread worker : workers) {
      worker.join(Duration.ofSeconds(100));
    }
    List.copyOf(space.windows()).forEach(workload.book()::remove);
    space.close();
    if (!interruption.raised()) {
      verifier.verify(space, MappingModel.normalized(expected));
    }
    executor.destroy(hostId);
  }

  /** Maps what is touched, page for page, and lets the reclaimer know of it. */
  private void map(LiveSpace space, AccessSlices slices) {
    long start = -1;
    long end = -1;
    for (long page : slices.wordsByPage().keySet()) {
      if (page != end) {
        mapRun(space, start, end);
        start = page;
      }
      end = page + PageRange.PAGE_BYTES;
    }
    mapRun(space, start, end);
    for (Map.Entry<Long, SortedSet<Long>> entry : slices.wordsByPage().entrySet()) {
      long[] words = entry.getValue().stream().mapToLong(Long::longValue).toArray();
      space.registers().put(entry.getKey(), words);
    }
    for (ReplayStep step : List.copyOf(steps)) {
      discardLater(step);
    }
  }

  private void mapRun(LiveSpace space, long start, long end) {
    if (start < 0) {
      return;
    }
    PageRange run = PageRange.between(start, end);
    ReplayStep.Map map = new ReplayStep.Map(SPACE, run, ReplayStep.Content.PRIVATE, false, true);
    steps.add(map);
    expected.add(new MappingModel.Mapped(start, end, LinuxFlags.PROT_READ | LinuxFlags.PROT_WRITE));
    PageEffects.Span span = executor.change(map, space.hostId(), false).span();
    for (long page = start; page < end; page += PageRange.PAGE_BYTES) {
      RightsTimeline timeline = new RightsTimeline();
      timeline.change(span.invokedNanos(), span.respondedNanos(), Protections.READ_WRITE);
      space.timelines().put(page, timeline);
    }
    long window = PAGES_PER_WINDOW * PageRange.PAGE_BYTES;
    for (long from = start; from < end; from += window) {
      PageRange part = PageRange.between(from, Math.min(end, from + window));
      CheckedWindow opened =
          new CheckedWindow(space, part, PageRange.between(part.end(), part.end()));
      space.windows().add(opened);
      workload.book().add(opened);
    }
  }

  private void discardLater(ReplayStep step) {
    PageRange range = step instanceof ReplayStep.Map map ? map.range() : null;
    if (range == null) {
      return;
    }
    for (long page = range.start(); page < range.end(); page += PageRange.PAGE_BYTES) {
      steps.add(
          new ReplayStep.Discard(SPACE, PageRange.between(page, page + PageRange.PAGE_BYTES)));
    }
  }
}
