package dev.fenceline.testbed.bench;

import dev.fenceline.host.engine.shard.ReclaimConfig;
import dev.fenceline.host.runtime.CpuOutcome;
import dev.fenceline.model.Pages;
import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * What it costs to have half the frames that are needed: a device checksums random stretches of a
 * working set, which is wholly resident or twice the size of the frames.
 */
final class Overcommit implements Bench {
  private static final int WORKING_SET_PAGES = 4096;

  /** A stretch, as a kernel of a device reads a tile: 256 KiB. */
  private static final int STRETCH_PAGES = 64;

  private static final int SWAP_PAGES = 4 * WORKING_SET_PAGES;
  private static final double GOAL_RATIO = 1.0 / 3;
  private static final long BOUND_NANOS = TimeUnit.SECONDS.toNanos(10);

  @Override
  public String name() {
    return "overcommit";
  }

  @Override
  public List<Figure> run(Effort effort) throws IOException {
    double[] ample = stretchesPerSecond(2 * WORKING_SET_PAGES, effort);
    double[] half = stretchesPerSecond(WORKING_SET_PAGES / 2, effort);
    double[] ratios = new double[half.length];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = half[i] / ample[i];
    }
    return List.of(
        new Figure(name(), "256 KiB stretches, all resident", "1/s", Spread.of(ample), null),
        new Figure(name(), "the same, working set twice the frames", "1/s", Spread.of(half), null),
        new Figure(
            name(), "twice / resident", "ratio", Spread.of(ratios), Goal.atLeast(GOAL_RATIO)));
  }

  private static double[] stretchesPerSecond(int frames, Effort effort) throws IOException {
    try (Loops loops = new Loops(1);
        LoopbackHost host =
            new LoopbackHost(
                loops,
                WORKING_SET_PAGES,
                new Signal(),
                LoopbackHost.settings((long) frames * Pages.SIZE_BYTES)
                    .withReclaim(ReclaimConfig.withSwap(SWAP_PAGES)));
        DrainingAgents agents = new DrainingAgents(host.target(), host.spaceId(), 1, 1, 0)) {
      for (int page = 0; page < WORKING_SET_PAGES; page++) {
        write(host, page);
      }
      SplittableRandom random = new SplittableRandom(1);
      return Rounds.unitsPerSecond(
          effort,
          watch -> {
            long first = random.nextInt(WORKING_SET_PAGES - STRETCH_PAGES + 1);
            watch.start();
            agents.read(
                LoopbackHost.BASE + first * LoopbackHost.PAGE_BYTES,
                STRETCH_PAGES * LoopbackHost.PAGE_BYTES);
            watch.stop(1);
          });
    }
  }

  private static void write(LoopbackHost host, int page) {
    CpuOutcome outcome =
        host.runtime()
            .cpu()
            .write(
                host.spaceId(),
                LoopbackHost.BASE + page * LoopbackHost.PAGE_BYTES,
                new byte[] {1, 2, 3, 4, 5, 6, 7, (byte) page},
                BOUND_NANOS);
    if (outcome instanceof CpuOutcome.Refused refused) {
      throw new IllegalStateException("no page for the bench: " + refused);
    }
  }
}
