package dev.fenceline.testbed.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Who submits programs that depend on each other: one keeps a page in use until another device's
 * program has ended, and that one needs the page as well. If the page is invalidated meanwhile, all
 * three wait for each other (DESIGN 3.6). Confined to the event loop.
 */
final class Programs {
  /**
   * Within it every program ends while nothing is broken, well before its deadline: a page may be
   * wanted by others again and again, and a circle close more than once.
   */
  static final long BOUND_NANOS = 50 * SimSettings.MILLI;

  private final SimWorld world;
  private final SplittableRandom random;
  private long lastNumber;
  private long longestNanos;

  Programs(SimWorld world, SplittableRandom random) {
    this.world = world;
    this.random = random;
  }

  void start() {
    world.loop.after(1 + random.nextInt(3_000_000), "programs", this::submit);
  }

  /** The longest that one took from the healing on. */
  long longestNanos() {
    return longestNanos;
  }

  private void submit() {
    world.loop.after(500_000 + random.nextInt(4_000_000), "programs", this::submit);
    SimSpace space = world.anySpace(random);
    // One that holds a page costs its agent the lease: there must be time to come back from that.
    boolean late =
        !world.faulty && world.loop.nowNanos() > world.settledNanos + SimSettings.HEALING_NANOS / 8;
    if (!world.working || late || space == null) {
      return;
    }
    List<ProgramUnit> free = new ArrayList<>();
    for (SimAgent agent : world.agents) {
      for (SimDevice device : agent.devices()) {
        if (agent.alive() && device.programs().idle()) {
          free.add(device.programs());
        }
      }
    }
    if (free.size() < 2) {
      return;
    }
    ProgramUnit first = free.remove(random.nextInt(free.size()));
    ProgramUnit second = free.get(random.nextInt(free.size()));
    long vpn = world.interestingPage(space, random);
    long number = ++lastNumber;
    first.run(
        new ProgramUnit.Order(number, space, vpn, false, false, null), random.nextInt(3_000_000));
    second.run(
        new ProgramUnit.Order(
            ++lastNumber,
            space,
            vpn,
            true,
            random.nextBoolean(),
            new ProgramUnit.Awaited(first, number)),
        0);
  }

  /** INV-9: while nothing is broken, a program ends within its bound, whoever waits for whom. */
  void ended(ProgramUnit.Order order, long tookNanos, long begunNanos) {
    if (!world.settled(begunNanos)) {
      return;
    }
    longestNanos = Math.max(longestNanos, tookNanos);
    if (tookNanos > BOUND_NANOS) {
      throw new InvariantViolation(
          "INV-9", "%s took %,d ns; its bound is %,d ns".formatted(order, tookNanos, BOUND_NANOS));
    }
  }
}
