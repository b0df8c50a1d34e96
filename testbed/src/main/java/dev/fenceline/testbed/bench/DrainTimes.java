package dev.fenceline.testbed.bench;

import dev.fenceline.model.NotificationMode;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * How many drains an invalidation takes in all when eight devices need a millisecond each: about
 * one if they drain at the same time, about eight one after the other.
 */
final class DrainTimes implements Bench {
  private static final int AGENTS = 2;
  private static final int DEVICES_PER_AGENT = 4;
  private static final long DRAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final double GOAL_DRAINS = 1.3;
  private static final int SPLIT_PER_ROUND = 64;
  private static final int SEQUENTIAL_PER_ROUND = 16;

  /** Where the just-in-time compiler has done its work, even if asked for rough figures. */
  private static final int MIN_WARM_UP_ROUNDS = 100;

  @Override
  public String name() {
    return "drain";
  }

  @Override
  public List<Figure> run(Effort effort) throws IOException {
    Signal signal = new Signal();
    try (Loops loops = new Loops(1);
        LoopbackHost host = new LoopbackHost(loops, SPLIT_PER_ROUND, signal);
        DrainingAgents agents =
            new DrainingAgents(
                host.target(), host.spaceId(), AGENTS, DEVICES_PER_AGENT, DRAIN_NANOS)) {
      host.expectFences(AGENTS * DEVICES_PER_AGENT);
      warmUp(host, agents, effort.warmUpNanos());
      double[] split = new double[effort.rounds()];
      double[] sequential = new double[effort.rounds()];
      for (int i = 0; i < effort.rounds(); i++) {
        host.mode(NotificationMode.SPLIT);
        split[i] = round(host, agents, SPLIT_PER_ROUND);
        host.mode(NotificationMode.SEQUENTIAL);
        sequential[i] = round(host, agents, SEQUENTIAL_PER_ROUND);
      }
      return List.of(
          new Figure(
              name(),
              "split, 8 devices of 1 ms drain",
              "drains",
              Spread.of(split),
              Goal.atMost(GOAL_DRAINS)),
          new Figure(
              name(),
              "sequential, 8 devices of 1 ms drain (about 8)",
              "drains",
              Spread.of(sequential),
              null));
    }
  }

  /**
   * With no drain at all for the most part: a thousand invalidations a second warm the code up as
   * much as ten thousand do, but ten times more slowly.
   */
  private static void warmUp(LoopbackHost host, DrainingAgents agents, long nanos) {
    long startedNanos = System.nanoTime();
    agents.setDrainNanos(0);
    for (int i = 0; i < MIN_WARM_UP_ROUNDS || System.nanoTime() - startedNanos < nanos; i++) {
      round(host, agents, SPLIT_PER_ROUND);
    }
    agents.setDrainNanos(DRAIN_NANOS);
    round(host, agents, SPLIT_PER_ROUND);
  }

  /** The median invalidation of a round, in drains. */
  private static double round(LoopbackHost host, DrainingAgents agents, int invalidations) {
    agents.read(LoopbackHost.BASE, invalidations * LoopbackHost.PAGE_BYTES);
    double[] drains = new double[invalidations];
    for (int page = 0; page < invalidations; page++) {
      long startedNanos = System.nanoTime();
      host.invalidate(page);
      drains[page] = (double) (System.nanoTime() - startedNanos) / DRAIN_NANOS;
    }
    return Spread.of(drains).median();
  }
}
