package dev.fenceline.coordinator.runtime;

import dev.fenceline.coordinator.engine.NodeKey;
import dev.fenceline.coordinator.engine.NodeKind;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.event.EventDraft;
import dev.fenceline.coordinator.engine.event.EventKind;
import dev.fenceline.coordinator.engine.graph.DeadlockBook;
import dev.fenceline.coordinator.engine.graph.DeadlockBook.Deadlock;
import dev.fenceline.coordinator.engine.graph.Remedy;
import dev.fenceline.coordinator.engine.graph.WaitGraph;
import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.runtime.DeadlockObserver.Happening;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for circles of waits and breaks them, if it is switched on. Thread-safe: the book is
 * guarded by its lock, under which nobody is asked anything; one look at a time.
 */
public final class DeadlockBreaker {
  /** What it needs of others; immutable. */
  public record Ports(
      WaitGraphs graphs,
      HostCommands hosts,
      AgentCommands agents,
      EventHub events,
      DeadlockObserver observer) {}

  private static final Logger LOG = LoggerFactory.getLogger(DeadlockBreaker.class);

  private final RegistryRuntime registry;
  private final Ports ports;
  private final InstantSource wallClock;
  private final DeadlockBook book = new DeadlockBook();
  private volatile boolean enabled;

  public DeadlockBreaker(
      RegistryRuntime registry, Ports ports, InstantSource wallClock, boolean enabled) {
    this.registry = registry;
    this.ports = ports;
    this.wallClock = wallClock;
    this.enabled = enabled;
  }

  /** Whether deadlocks are broken; they are found in any case. */
  public boolean enabled() {
    return enabled;
  }

  public void enable(boolean breaks) {
    enabled = breaks;
  }

  /** Those that stand, then the last ones that are over, the newest first. */
  public List<Deadlock> deadlocks() {
    synchronized (book) {
      return book.deadlocks();
    }
  }

  /** Takes a look, and breaks what it has seen in the look before as well. */
  public void look() throws InterruptedException {
    WaitGraph graph =
        ports.graphs().anythingWaits()
            ? ports.graphs().now()
            : new WaitGraph(List.of(), List.of(), List.of());
    DeadlockBook.Look look;
    synchronized (book) {
      look = book.look(wallClock.millis(), graph, enabled);
    }
    for (Deadlock deadlock : look.found()) {
      ports.observer().happened(Happening.FOUND);
      tell(EventKind.DEADLOCK_FOUND, deadlock, "a circle of waits: " + deadlock.why());
    }
    look.toBreak().forEach(this::apply);
    for (Deadlock deadlock : look.ended()) {
      boolean broken = deadlock.state() == DeadlockBook.State.BROKEN;
      ports.observer().happened(broken ? Happening.BROKEN : Happening.GONE);
      tell(
          EventKind.DEADLOCK_BROKEN,
          deadlock,
          broken
              ? "the circle of waits is broken by this: " + deadlock.remedy()
              : "the circle of waits is gone: a wait in it has ended by itself");
    }
  }

  private void apply(Deadlock deadlock) {
    Remedy remedy = deadlock.remedy();
    Happening happened =
        switch (remedy) {
          case Remedy.PreemptProgram preempt -> preempt(preempt);
          case Remedy.BackOff backOff -> backOff(backOff);
          case null -> Happening.REMEDY_FAILED;
        };
    ports.observer().happened(happened);
    LOG.info("deadlock {}: {}: {}", deadlock.number(), remedy, happened);
  }

  private Happening preempt(Remedy.PreemptProgram preempt) {
    Optional<NodeView> agent = node(NodeKind.AGENT, preempt.agentId());
    boolean done =
        agent.isPresent()
            && ports.agents().preempt(agent.get().endpoint(), preempt.number(), "a circle of waits")
                instanceof Answer.Answered<?>;
    return done ? Happening.PREEMPTED : Happening.REMEDY_FAILED;
  }

  private Happening backOff(Remedy.BackOff backOff) {
    Optional<NodeView> host = node(NodeKind.HOST, backOff.hostId());
    boolean done =
        host.isPresent()
            && ports
                    .hosts()
                    .backOff(host.get().endpoint(), backOff.invalidationId(), "a circle of waits")
                instanceof Answer.Answered<Boolean> answered
            && answered.value();
    return done ? Happening.BACKED_OFF : Happening.REMEDY_FAILED;
  }

  private Optional<NodeView> node(NodeKind kind, String id) {
    return registry.read((engine, nowNanos) -> engine.node(new NodeKey(kind, id), nowNanos));
  }

  private void tell(EventKind kind, Deadlock deadlock, String message) {
    String hostId = null;
    String agentId = null;
    long invalidationId = 0;
    switch (deadlock.remedy()) {
      case Remedy.PreemptProgram preempt -> agentId = preempt.agentId();
      case Remedy.BackOff backOff -> {
        hostId = backOff.hostId();
        invalidationId = backOff.invalidationId();
      }
      case null -> {}
    }
    ports
        .events()
        .append(
            new EventDraft(
                wallClock.millis(), kind, hostId, agentId, null, 0, invalidationId, null, message));
  }
}
