package dev.fenceline.testbed.sim;

import dev.fenceline.agent.engine.AgentEffect;
import dev.fenceline.agent.engine.AgentInput;
import dev.fenceline.model.Access;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** The faults of an agent's devices, each answered once. Confined to the event loop. */
final class AgentFaults {
  private final SimWorld world;
  private final SimAgent agent;
  private final Map<Long, FaultWaiter> waiting = new HashMap<>();

  /** Faults that nobody waits for. */
  private final Set<Long> asides = new HashSet<>();

  AgentFaults(SimWorld world, SimAgent agent) {
    this.world = world;
    this.agent = agent;
  }

  boolean idle() {
    return waiting.isEmpty() && asides.isEmpty();
  }

  void await(long ticket, FaultWaiter waiter) {
    waiting.put(ticket, waiter);
  }

  /** A page is wanted here later; nobody waits for it. */
  void aside(int deviceIndex, long spaceId, long vpn, int pages, Access access) {
    long ticket = world.nextId();
    asides.add(ticket);
    agent.mirrors().expect(ticket, deviceIndex, spaceId);
    agent.step(
        new AgentInput.FaultAside(
            new AgentInput.FaultWanted(ticket, spaceId, deviceIndex, vpn, pages, access)));
  }

  /** A mirror was asked for; if nobody waits, it was for a page that was wanted aside. */
  void mirrorInstead(long ticket) {
    asides.remove(ticket);
  }

  void done(AgentEffect.FaultDone done) {
    FaultWaiter waiter = waiting.remove(done.ticket());
    if (waiter != null) {
      waiter.faultDone(done.outcome());
      return;
    }
    if (!asides.contains(done.ticket())) {
      throw new InvariantViolation("INV-6", "a fault was answered twice: " + done);
    }
    agent.mirrors().refused(done.ticket());
  }
}
