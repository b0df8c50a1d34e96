package dev.fenceline.testbed.sim;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Many runs, each from a seed of its own and each on one thread, on as many threads as wanted.
 * Confined to the thread that runs it; results are gathered under its lock.
 */
public final class Campaign {
  private static final int MAX_KEPT_VIOLATIONS = 100;

  private final long firstSeed;
  private final long seeds;
  private final Breakage breakage;
  private final Consumer<Tally> progress;
  private final AtomicLong next = new AtomicLong();
  private Tally tally = Tally.NONE;

  /**
   * What runs came to so far; immutable.
   *
   * @param sometimes sums by the ordinal of {@link Sometimes}
   * @param violations the first ones, by seed
   */
  public record Tally(
      long seeds,
      long events,
      long faults,
      long dataOperations,
      long spaceOperations,
      long invalidations,
      long fences,
      long worstFenceNanos,
      List<Long> sometimes,
      long violatingSeeds,
      List<SeedResult> violations) {
    static final Tally NONE = new Tally(0, 0, 0, 0, 0, 0, 0, 0, List.of(), 0, List.of());

    long times(Sometimes what) {
      return sometimes.isEmpty() ? 0 : sometimes.get(what.ordinal());
    }

    Tally plus(SeedResult result) {
      List<Long> sums = new ArrayList<>();
      for (Sometimes what : Sometimes.values()) {
        sums.add(times(what) + result.sometimes()[what.ordinal()]);
      }
      List<SeedResult> kept = new ArrayList<>(violations);
      if (result.violation() != null && kept.size() < MAX_KEPT_VIOLATIONS) {
        kept.add(result);
        kept.sort(Comparator.comparingLong(SeedResult::seed));
      }
      return new Tally(
          seeds + 1,
          events + result.events(),
          faults + result.faults(),
          dataOperations + result.dataOperations(),
          spaceOperations + result.spaceOperations(),
          invalidations + result.invalidations(),
          fences + result.fences(),
          Math.max(worstFenceNanos, result.worstFenceNanos()),
          sums,
          violatingSeeds + (result.violation() == null ? 0 : 1),
          kept);
    }
  }

  /**
   * @param progress hears of each run that has ended, from whichever thread, one at a time
   */
  public Campaign(long firstSeed, long seeds, Breakage breakage, Consumer<Tally> progress) {
    this.firstSeed = firstSeed;
    this.seeds = seeds;
    this.breakage = breakage;
    this.progress = progress;
  }

  /** Runs all seeds; returns when the last one has ended. */
  public Tally run(int threads) throws InterruptedException {
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      workers.add(Thread.ofPlatform().name("simulation-" + i).daemon().start(this::work));
    }
    for (Thread worker : workers) {
      worker.join();
    }
    synchronized (this) {
      return tally;
    }
  }

  private void work() {
    long ordinal = next.getAndIncrement();
    while (ordinal < seeds) {
      SeedResult result = Simulation.run(firstSeed + ordinal, breakage);
      synchronized (this) {
        tally = tally.plus(result);
        progress.accept(tally);
      }
      ordinal = next.getAndIncrement();
    }
  }
}
