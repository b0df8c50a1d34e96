package dev.fenceline.testbed.bench;

import dev.fenceline.host.engine.shard.ReclaimConfig;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.runtime.CpuOutcome;
import dev.fenceline.model.Pages;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * The latency experiment of the thread "skip reclaim for pinned pages": what an unrelated caller
 * waits for a page while memory is short and most of it is pinned and in use by devices.
 *
 * <p>Two devices, each with a drain of a millisecond, read the objects at random; most of these are
 * pinned. A filler writes to more memory than there are frames. A probe takes one page at a time,
 * times it, and gives it back.
 */
final class ReclaimLatency implements Bench {
  private static final int FRAMES = 2048;
  private static final int OBJECT_PAGES = 1024;
  private static final int PINNED_PAGES = 768;
  private static final int FILLER_PAGES = 4096;
  private static final int SWAP_PAGES = 16_384;
  private static final int READ_PAGES = 16;
  private static final int AGENTS = 2;
  private static final int MAX_ROUNDS = 5;
  private static final double GOAL_RATIO = 2.7;
  private static final long DRAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long PROBE_GAP_NANOS = TimeUnit.MICROSECONDS.toNanos(500);
  private static final long BOUND_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final double NANOS_PER_MICRO = 1e3;

  private enum Situation {
    IDLE("idle", false, false, ReclaimConfig.NONE.waitNanos()),
    NOTIFYING("reclaim notifies for pinned pages", true, true, ReclaimConfig.NONE.waitNanos()),
    SKIPPING("reclaim skips pinned pages", true, false, ReclaimConfig.NONE.waitNanos()),
    TRYING("reclaim skips and only tries", true, false, 0);

    final String label;
    final boolean filled;
    final boolean notifiesPinned;
    final long waitNanos;

    Situation(String label, boolean filled, boolean notifiesPinned, long waitNanos) {
      this.label = label;
      this.filled = filled;
      this.notifiesPinned = notifiesPinned;
      this.waitNanos = waitNanos;
    }

    ReclaimConfig reclaim() {
      return new ReclaimConfig(
          SWAP_PAGES, waitNanos, ReclaimConfig.NONE.patienceNanos(), notifiesPinned);
    }
  }

  /** The latencies of one round, in microseconds, ascending. */
  private record Sample(double[] micros, double wakeUpMicros) {
    double mean() {
      return Arrays.stream(micros).average().orElse(0);
    }

    double percentile(double share) {
      return micros[(int) Math.min(micros.length - 1L, (long) (micros.length * share))];
    }
  }

  @Override
  public String name() {
    return "reclaim-latency";
  }

  @Override
  public List<Figure> run(Effort effort) throws IOException {
    int rounds = Math.min(MAX_ROUNDS, effort.rounds());
    Sample[][] samples = new Sample[Situation.values().length][rounds];
    for (int round = 0; round < rounds; round++) {
      for (Situation situation : Situation.values()) {
        samples[situation.ordinal()][round] = measure(situation, effort);
      }
    }
    List<Figure> figures = new ArrayList<>();
    for (Situation situation : Situation.values()) {
      Sample[] of = samples[situation.ordinal()];
      add(figures, situation.label + ", mean", spread(of, Sample::mean));
      for (double share : new double[] {0.5, 0.9, 0.95, 0.99}) {
        String label = "%s, p%.0f".formatted(situation.label, 100 * share);
        add(figures, label, spread(of, sample -> sample.percentile(share)));
      }
      add(figures, situation.label + ", max", spread(of, sample -> sample.percentile(1)));
      add(figures, situation.label + ", timer late by", spread(of, Sample::wakeUpMicros));
    }
    Sample[] notifying = samples[Situation.NOTIFYING.ordinal()];
    Sample[] skipping = samples[Situation.SKIPPING.ordinal()];
    figures.add(ratio("mean, notifying / skipping", notifying, skipping, Sample::mean));
    figures.add(
        ratio("p99, notifying / skipping", notifying, skipping, sample -> sample.percentile(0.99)));
    return figures;
  }

  private interface Measure {
    double of(Sample sample);
  }

  private static Spread spread(Sample[] samples, Measure measure) {
    return Spread.of(Arrays.stream(samples).mapToDouble(measure::of).toArray());
  }

  private void add(List<Figure> figures, String label, Spread spread) {
    figures.add(new Figure(name(), label, "us", spread, null));
  }

  private Figure ratio(String label, Sample[] above, Sample[] below, Measure measure) {
    double[] ratios = new double[above.length];
    Arrays.setAll(ratios, i -> measure.of(above[i]) / measure.of(below[i]));
    return new Figure(name(), label, "ratio", Spread.of(ratios), Goal.atLeast(GOAL_RATIO));
  }

  private static Sample measure(Situation situation, Effort effort) throws IOException {
    Signal signal = new Signal();
    AtomicBoolean over = new AtomicBoolean();
    List<Thread> threads = new ArrayList<>();
    try (Loops loops = new Loops(1);
        LoopbackHost host =
            new LoopbackHost(
                loops,
                OBJECT_PAGES,
                signal,
                LoopbackHost.settings((long) FRAMES * Pages.SIZE_BYTES)
                    .withReclaim(situation.reclaim()));
        DrainingAgents agents =
            new DrainingAgents(host.target(), host.spaceId(), AGENTS, 1, DRAIN_NANOS)) {
      prepare(host, agents);
      long filler = host.createSpace(FILLER_PAGES);
      long probed = host.createSpace(1);
      threads.add(Thread.ofPlatform().start(() -> useObjects(agents, over)));
      if (situation.filled) {
        threads.add(Thread.ofPlatform().start(() -> fill(host, filler, over)));
        probe(host, probed, effort.warmUpNanos() / 4);
      }
      Sample sample = probe(host, probed, effort.roundNanos());
      over.set(true);
      threads.forEach(ReclaimLatency::join);
      return sample;
    }
  }

  /** Every object has its frames, is held by every device, and most of them are pinned. */
  private static void prepare(LoopbackHost host, DrainingAgents agents) {
    for (int page = 0; page < OBJECT_PAGES; page++) {
      write(host, host.spaceId(), page);
    }
    agents.read(LoopbackHost.BASE, OBJECT_PAGES * LoopbackHost.PAGE_BYTES);
    host.perform(
        new SpaceOperation.Pin(
            host.spaceId(),
            LoopbackHost.BASE,
            PINNED_PAGES * LoopbackHost.PAGE_BYTES,
            true,
            new SpaceOperation.PinPurpose("bench", "objects in use", true)));
  }

  private static void useObjects(DrainingAgents agents, AtomicBoolean over) {
    SplittableRandom random = new SplittableRandom(1);
    while (!over.get()) {
      long first = random.nextInt(OBJECT_PAGES - READ_PAGES);
      agents.read(
          LoopbackHost.BASE + first * LoopbackHost.PAGE_BYTES,
          READ_PAGES * LoopbackHost.PAGE_BYTES);
    }
  }

  private static void fill(LoopbackHost host, long space, AtomicBoolean over) {
    for (int page = 0; !over.get(); page = (page + 1) % FILLER_PAGES) {
      write(host, space, page);
    }
  }

  /** A page that is not there is taken, timed and given back, again and again. */
  private static Sample probe(LoopbackHost host, long space, long nanos) {
    double[] micros = new double[1 << 16];
    int count = 0;
    double late = 0;
    long startedNanos = System.nanoTime();
    while (count < micros.length && (count == 0 || System.nanoTime() - startedNanos < nanos)) {
      long asleepNanos = System.nanoTime();
      sleepUntil(asleepNanos + PROBE_GAP_NANOS);
      long beganNanos = System.nanoTime();
      late += (beganNanos - asleepNanos - PROBE_GAP_NANOS) / NANOS_PER_MICRO;
      write(host, space, 0);
      micros[count++] = (System.nanoTime() - beganNanos) / NANOS_PER_MICRO;
      host.perform(
          new SpaceOperation.Advise(
              space, LoopbackHost.BASE, LoopbackHost.PAGE_BYTES, SpaceOperation.Advice.DONTNEED));
    }
    double[] sorted = Arrays.copyOf(micros, count);
    Arrays.sort(sorted);
    return new Sample(sorted, late / count);
  }

  /** However often it is woken before. */
  private static void sleepUntil(long nanos) {
    for (long left = nanos - System.nanoTime(); left > 0; left = nanos - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  private static void write(LoopbackHost host, long space, int page) {
    CpuOutcome outcome =
        host.runtime()
            .cpu()
            .write(
                space,
                LoopbackHost.BASE + page * LoopbackHost.PAGE_BYTES,
                new byte[Long.BYTES],
                BOUND_NANOS);
    if (outcome instanceof CpuOutcome.Refused refused) {
      throw new IllegalStateException("no page for the bench: " + refused);
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join(BOUND_NANOS / 1_000_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
