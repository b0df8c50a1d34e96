package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.session.SessionInput;
import java.util.SplittableRandom;

/** Lets faults happen at random, until they are to stop. Confined to the event loop. */
final class FaultInjector {
  private static final long MILLI = SimSettings.MILLI;

  private final SimWorld world;
  private final Population population;
  private final SplittableRandom random;

  FaultInjector(SimWorld world, Population population, SplittableRandom random) {
    this.world = world;
    this.population = population;
    this.random = random;
  }

  void start() {
    planNext();
    int agents = world.agents.size();
    if (agents > 1 && random.nextInt(4) == 0) {
      world.loop.after(
          random.nextInt((int) SimSettings.SAFETY_NANOS),
          "agent is lost",
          () -> population.loseAgent(random.nextInt(agents)));
    }
  }

  private void planNext() {
    long gap = (long) (-Math.log(1 - random.nextDouble()) * world.settings.faultGapNanos());
    world.loop.after(1 + gap, "fault", this::next);
  }

  private void next() {
    if (!world.faulty) {
      return;
    }
    world.faultsInjected++;
    int kind = random.nextInt(1000);
    int agent = random.nextInt(world.agents.size());
    if (kind < 190) {
      cut(false);
    } else if (kind < 270) {
      cut(true);
    } else if (kind < 370) {
      population.crashAgent(agent, restartDelay(), random.nextBoolean());
    } else if (kind < 400) {
      population.leaveAndReturn(agent, restartDelay());
    } else if (kind < 560) {
      world.agents.get(agent).freeze(pause());
    } else if (kind < 680) {
      world.network.block(agent, true, true, partition());
    } else if (kind < 860) {
      world.count(Sometimes.HALF_DEAD_LINK);
      boolean up = random.nextBoolean();
      world.network.block(agent, up, !up, partition());
    } else if (kind < 920) {
      swizzle();
    } else if (kind < 960) {
      SimHost host = world.host;
      if (host != null && host.alive()) {
        host.freeze(random.nextInt((int) (random.nextInt(3) == 0 ? 30 * MILLI : 2 * MILLI)));
      }
    } else if (kind < 966) {
      operate(world.agents.get(agent));
    } else if (kind < 976) {
      population.crashHost(restartDelay());
    } else {
      population.crashCoordinator(restartDelay());
    }
    planNext();
  }

  /** An operator quarantines an agent for a while or until further notice, or returns it. */
  private void operate(SimAgent agent) {
    SimHost host = world.host;
    if (host == null || !host.alive()) {
      return;
    }
    long hold = random.nextBoolean() ? 0 : MILLI + random.nextInt((int) (20 * MILLI));
    SessionInput order =
        random.nextInt(3) == 0
            ? new SessionInput.ReturnAgent(agent.agentId())
            : new SessionInput.Quarantine(agent.agentId(), "by the simulation", hold);
    boolean untilReturned = hold == 0 && order instanceof SessionInput.Quarantine;
    int returnNanos = random.nextInt((int) (30 * MILLI));
    SessionInput back = new SessionInput.ReturnAgent(agent.agentId());
    // The return follows the quarantine that it ends, also where a frozen host reorders its work.
    Runnable thenReturn =
        () -> host.after(returnNanos, "operator", () -> host.sessions().post(back));
    host.after(
        1,
        "operator",
        () -> {
          host.sessions().post(order);
          if (untilReturned) {
            thenReturn.run();
          }
        });
  }

  private void cut(boolean delivered) {
    Connection connection = world.network.anyConnection(random);
    if (connection != null) {
      if (delivered) {
        world.count(Sometimes.DELIVERED_BUT_TOLD_FAILED);
      }
      connection.cut(delivered, random.nextInt(4) == 0, random.nextInt(3) == 0);
    }
  }

  /** Clogs a random choice of links, one after the other, for different times. */
  private void swizzle() {
    for (int agent = 0; agent < world.agents.size(); agent++) {
      if (random.nextBoolean()) {
        int clogged = agent;
        world.loop.after(
            random.nextInt((int) (4 * MILLI)),
            "clog",
            () -> {
              if (world.faulty) {
                world.network.block(clogged, true, true, partition() / 2);
              }
            });
      }
    }
  }

  private long restartDelay() {
    return random.nextBoolean()
        ? random.nextInt((int) (MILLI / 2))
        : random.nextInt((int) (50 * MILLI));
  }

  private long pause() {
    return random.nextBoolean()
        ? random.nextInt((int) (3 * MILLI))
        : random.nextInt((int) (50 * MILLI));
  }

  private long partition() {
    return random.nextInt(3) == 0
        ? random.nextInt((int) (60 * MILLI))
        : random.nextInt((int) (8 * MILLI));
  }
}
