package dev.fenceline.testbed.sim;

import dev.fenceline.agent.engine.AgentInput;
import dev.fenceline.agent.engine.FaultOutcome;
import dev.fenceline.concurrent.MirrorAccess;
import dev.fenceline.concurrent.MirrorEntry;
import dev.fenceline.coordinator.engine.query.Program;
import dev.fenceline.model.Pages;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The unit of a device that runs programs with dependencies: takes what the program holds, waits
 * for the end of another device's program, touches a page, lets go; from the start again if it is
 * preempted. Confined to the event loop.
 */
final class ProgramUnit implements FaultWaiter {
  private static final int NOTICED_NANOS = 200_000;

  /** After it a program fails, whatever it waits for. */
  private static final long DEADLINE_NANOS = 60 * SimSettings.MILLI;

  /**
   * What a program is to do; immutable.
   *
   * @param number per boot of the agent
   * @param holds it keeps the page in use while it waits
   * @param awaited whose end it waits for, or null
   */
  record Order(
      long number,
      SimSpace space,
      long vpn,
      boolean holds,
      boolean replayable,
      @Nullable Awaited awaited) {}

  /** A program of another device; immutable. */
  record Awaited(ProgramUnit unit, long number) {}

  private final SimWorld world;
  private final SimAgent agent;
  private final SimDevice device;
  private final int slot;
  private final SplittableRandom random;
  private @Nullable Order order;
  private @Nullable Access held;
  private long begunNanos;
  private long waitsSinceNanos;
  private boolean faulting;
  private boolean awaiting;
  private boolean preempted;
  private int preemptions;
  private int collisions;

  ProgramUnit(SimWorld world, SimAgent agent, SimDevice device, int slot, SplittableRandom random) {
    this.world = world;
    this.agent = agent;
    this.device = device;
    this.slot = slot;
    this.random = random;
  }

  boolean idle() {
    return order == null;
  }

  SimAgent agent() {
    return agent;
  }

  SimDevice device() {
    return device;
  }

  /** Begins, after a while. */
  void run(Order next, long delayNanos) {
    order = next;
    begunNanos = world.loop.nowNanos();
    preemptions = 0;
    agent.after(delayNanos, "program begins", () -> begin(next));
  }

  /** The coordinator breaks a circle of waits. */
  void preempt(long number) {
    Order now = order;
    if (now != null && now.number() == number && now.replayable()) {
      world.count(Sometimes.PROGRAM_PREEMPTED);
      preempted = true;
    }
  }

  /** What the agent tells of it; null if it runs nothing. */
  @Nullable Program told(String hostId) {
    Order now = order;
    if (now == null) {
      return null;
    }
    Awaited other = now.awaited();
    List<Program.SyncPoint> points =
        awaiting && other != null
            ? List.of(new Program.SyncPoint(other.unit().agent.agentId(), other.number(), ""))
            : List.of();
    long start = Pages.address(now.vpn());
    return new Program(
        now.number(),
        device.index(),
        hostId,
        now.space().id(),
        "hold",
        Program.State.RUNNING,
        0,
        0,
        0,
        0,
        0,
        faulting ? Long.valueOf(start) : null,
        faulting || awaiting ? world.loop.nowNanos() - waitsSinceNanos : 0,
        new Program.Ties(
            points,
            "",
            held == null ? 0 : start,
            held == null ? 0 : start + Pages.SIZE_BYTES,
            now.replayable(),
            preemptions),
        null);
  }

  private boolean runs(Order now) {
    return order == now;
  }

  private void begin(Order now) {
    preempted = false;
    collisions = 0;
    if (now.holds()) {
      touch(now);
    } else {
      await(now);
    }
  }

  private boolean late() {
    return world.loop.nowNanos() - begunNanos > DEADLINE_NANOS;
  }

  /**
   * Takes the page: to keep it, or only to have had it. One in device memory is not kept: whoever
   * keeps it from a device that needs it at home, and waits for that one, has made a circle of his
   * own which no rule breaks.
   */
  private void touch(Order now) {
    if (!runs(now)) {
      return;
    }
    if (late() || agent.hostEpoch() > now.space().hostEpoch()) {
      end();
    } else if (preempted) {
      again(now);
    } else if (!agent.mayBegin(now.space().hostEpoch())) {
      agent.after(NOTICED_NANOS, "program waits", () -> touch(now));
    } else {
      MirrorAccess table = device.table(now.space().id());
      long[] entries = new long[1];
      if (!MirrorAccess.isOpen(table.openAt(slot, now.vpn(), 1, MirrorEntry.WRITE, entries))) {
        fault(now);
      } else if (now.holds() && MirrorEntry.frame(entries[0]) == SimDevice.WITH_THE_HOST) {
        hold(now, entries[0]);
        await(now);
      } else {
        table.close(slot);
        end();
      }
    }
  }

  private void hold(Order now, long entry) {
    long granted =
        world.monitor.grantSequence(
            now.space(),
            agent.sessionId(),
            device.index(),
            now.vpn(),
            MirrorEntry.generation(entry));
    Access access =
        new Access(
            agent,
            now.space(),
            agent.sessionId(),
            device.index(),
            now.vpn(),
            new long[] {granted},
            false);
    world.monitor.opened(access);
    held = access;
  }

  private void letGo(Order now) {
    Access access = held;
    if (access != null) {
      held = null;
      world.monitor.closed(access);
      device.table(now.space().id()).close(slot);
    }
  }

  private void fault(Order now) {
    long ticket = world.nextId();
    faulting = true;
    waitsSinceNanos = world.loop.nowNanos();
    agent.faults().await(ticket, this);
    agent.step(
        new AgentInput.FaultWanted(
            ticket,
            now.space().id(),
            device.index(),
            now.vpn(),
            1,
            dev.fenceline.model.Access.WRITE,
            collisions++));
  }

  @Override
  public void faultDone(FaultOutcome outcome) {
    Order now = order;
    faulting = false;
    if (now == null) {
      throw new InvariantViolation("INV-6", "a program heard of a fault that it did not have");
    }
    if (outcome instanceof FaultOutcome.Served) {
      agent.after(random.nextInt(3_000), "program retries", () -> touch(now));
    } else {
      end();
    }
  }

  private void await(Order now) {
    if (!runs(now)) {
      return;
    }
    Awaited other = now.awaited();
    if (other == null || reached(other) || late()) {
      awaiting = false;
      if (now.holds() || late()) {
        end();
      } else {
        touch(now);
      }
      return;
    }
    if (!awaiting) {
      awaiting = true;
      waitsSinceNanos = world.loop.nowNanos();
      world.count(Sometimes.PROGRAM_WAITED_FOR_ANOTHER);
    }
    Access access = held;
    boolean lost = access != null && !agent.mayAccess(now.space().hostEpoch(), access.sessionId());
    if (preempted || (lost && now.replayable())) {
      again(now);
    } else if (lost) {
      end();
    } else {
      agent.after(1 + random.nextInt(NOTICED_NANOS), "program looks", () -> await(now));
    }
  }

  /** Where that agent cannot be reached, the sync point is reached when it can be again. */
  private boolean reached(Awaited other) {
    SimAgent its = other.unit().agent;
    Order now = other.unit().order;
    boolean cut = world.network.blocked(agent) || world.network.blocked(its) || its.frozen();
    return !its.alive() || (!cut && (now == null || now.number() != other.number()));
  }

  private void again(Order now) {
    letGo(now);
    awaiting = false;
    preemptions++;
    agent.after(100_000 + random.nextInt(900_000), "program begins again", () -> begin(now));
  }

  private void end() {
    Order now = order;
    if (now == null) {
      return;
    }
    letGo(now);
    awaiting = false;
    order = null;
    world.programs.ended(now, world.loop.nowNanos() - begunNanos, begunNanos);
  }

  @Override
  public String toString() {
    return "program %s, faulting %s, awaiting %s, preempted %d times"
        .formatted(order, faulting, awaiting, preemptions);
  }
}
