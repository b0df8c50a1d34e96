package dev.fenceline.host.adapter.metrics;

import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.session.AgentStanding;
import dev.fenceline.host.engine.session.Session;
import dev.fenceline.host.engine.session.StandingView;
import dev.fenceline.host.engine.shard.ShardEffect;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.runtime.HostObserver;
import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.host.runtime.InvalidationTraces;
import dev.fenceline.host.runtime.LateCause;
import dev.fenceline.host.runtime.TraceContext;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage.RefusalReason;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The host's meters; docs/METRICS.md lists them. Thread-safe. Labels name agents, devices and
 * kinds, never ranges or address spaces.
 */
public final class HostMeters implements HostObserver {
  /** Agents that are named in labels unless it is configured otherwise: 26 samples for each. */
  public static final int DEFAULT_AGENT_LABELS = 128;

  private record CounterKey(HostCounter counter, List<String> labels) {}

  private final MeterRegistry registry;
  private final InvalidationTraces traces;
  private final AgentLabels agents;
  private final FenceMeters fences;
  private final Map<CounterKey, Counter> counters = new ConcurrentHashMap<>();
  private @Nullable HostGauges gauges;

  /** Micrometer holds what gauges read by weak references only. */
  @SuppressWarnings({"UnusedVariable", "FieldCanBeLocal"})
  private @Nullable ReclaimGauges reclaim;

  public HostMeters(MeterRegistry registry) {
    this(registry, DEFAULT_AGENT_LABELS, InvalidationTraces.NONE);
  }

  /**
   * @param agentLabels how many agents are named in labels, the others together being {@code other}
   * @param traces makes traces of invalidations, and exemplars of what they are measured by
   */
  public HostMeters(MeterRegistry registry, int agentLabels, InvalidationTraces traces) {
    this.traces = traces;
    this.registry = registry;
    this.agents = new AgentLabels(agentLabels);
    this.fences = new FenceMeters(registry, agents);
  }

  /** Adds the gauges of a host; once, before its first session. */
  public void observe(HostRuntime host) {
    gauges = new HostGauges(registry, host, agents);
    reclaim = new ReclaimGauges(registry, host);
    for (LateCause cause : LateCause.values()) {
      lateMessages(cause, 0);
    }
    count(HostCounter.MALFORMED_MESSAGES, 0);
    count(HostCounter.TURNS, 0);
    count(HostCounter.HELD_OPERATIONS, 0);
    for (ShardEffect.Thrashes.Step step : ShardEffect.Thrashes.Step.values()) {
      count(HostCounter.THRASHING, 0, "step", lower(step));
    }
    count(HostCounter.OOM_KILLS, 0);
    count(HostCounter.OOM_FREED_FRAMES, 0);
    count(HostCounter.OOM_BACK_OFFS, 0);
    count(HostCounter.OVERFLOWS, 0);
    count(HostCounter.COLLAPSED_MESSAGES, 0);
    count(HostCounter.BROKEN_INVARIANTS, 0);
    count(HostCounter.QUARANTINES, 0);
    for (RefusalReason reason : RefusalReason.values()) {
      count(HostCounter.HELLOS_REFUSED, 0, "reason", lower(reason));
    }
  }

  @Override
  public void operationEnded(SpaceOperation operation, OperationOutcome outcome) {
    String ending =
        switch (outcome) {
          case OperationOutcome.Done done -> "done";
          case OperationOutcome.BackedOff backedOff -> "backed_off";
          case OperationOutcome.Refused refused -> lower(refused.errno());
        };
    count(HostCounter.OPERATIONS, 1, "kind", kind(operation), "outcome", ending);
  }

  @Override
  public void invalidationEnded(
      Invalidation invalidation, @Nullable TraceContext caller, long nowNanos) {
    boolean traced = traces.enter(invalidation, caller, nowNanos);
    fences.invalidationEnded(invalidation, nowNanos);
    if (traced) {
      traces.leave(invalidation, nowNanos);
    }
  }

  @Override
  public void fenceResolved(Invalidation invalidation, int fenceIndex) {
    fences.fenceResolved(invalidation, invalidation.fences().get(fenceIndex));
  }

  @Override
  public void turnGiven(long residencyNanos) {
    count(HostCounter.TURNS, 1);
  }

  @Override
  public void thrashes(ShardEffect.Thrashes.Step step) {
    count(HostCounter.THRASHING, 1, "step", lower(step));
  }

  @Override
  public void oom(ShardEffect.Oom effect) {
    switch (effect) {
      case ShardEffect.OomVictimWanted wanted -> {}
      case ShardEffect.OomNominee nominee -> {}
      case ShardEffect.OomKilled killed -> count(HostCounter.OOM_KILLS, 1);
      case ShardEffect.OomReaped reaped -> {
        count(HostCounter.OOM_FREED_FRAMES, reaped.gain().frames());
        count(HostCounter.OOM_BACK_OFFS, reaped.gain().backedOff());
      }
    }
  }

  @Override
  public void heldForTurn() {
    count(HostCounter.HELD_OPERATIONS, 1);
  }

  @Override
  public void faultServed(int pages, boolean parked) {
    count(HostCounter.FAULTS, 1, "outcome", parked ? "parked" : "served");
    if (!parked) {
      count(HostCounter.FAULT_PAGES, pages);
    }
  }

  @Override
  public void cpuFaultEnded(@Nullable Errno refused) {
    count(HostCounter.CPU_FAULTS, 1, "outcome", refused == null ? "served" : lower(refused));
  }

  @Override
  public void dmaEnded(DmaRequest request, DmaReply.Outcome outcome) {
    String operation = lower(request.operation());
    count(HostCounter.DMA_REQUESTS, 1, "operation", operation, "outcome", lower(outcome));
    if (outcome == DmaReply.Outcome.DONE) {
      count(HostCounter.DMA_BYTES, request.length(), "operation", operation);
    }
  }

  @Override
  public void lateMessage(LateCause cause) {
    lateMessages(cause, 1);
  }

  private void lateMessages(LateCause cause, int more) {
    count(HostCounter.LATE_MESSAGES, more, "cause", lower(cause));
  }

  @Override
  public void malformedMessage() {
    count(HostCounter.MALFORMED_MESSAGES, 1);
  }

  @Override
  public void outboundCollapsed(int messages) {
    count(HostCounter.COLLAPSED_MESSAGES, messages);
  }

  @Override
  public void outboundOverflowed() {
    count(HostCounter.OVERFLOWS, 1);
  }

  @Override
  public void sessionChanged(String agentId, Session.State state, String reason) {
    count(HostCounter.SESSION_CHANGES, 1, "state", lower(state));
    if (state == Session.State.ATTACHED) {
      fences.agentAttached(agentId);
    }
    HostGauges observed = gauges;
    if (observed != null) {
      observed.changed(agentId, state);
    }
  }

  @Override
  public void standingChanged(StandingView standing) {
    if (standing.state() == AgentStanding.State.QUARANTINED) {
      count(HostCounter.QUARANTINES, 1);
    }
  }

  @Override
  public void helloRefused(RefusalReason reason) {
    count(HostCounter.HELLOS_REFUSED, 1, "reason", lower(reason));
  }

  @Override
  public void stopped(String what, Throwable cause) {
    count(HostCounter.BROKEN_INVARIANTS, 1);
  }

  /** Looking a counter up in the registry costs more than counting. */
  private void count(HostCounter counter, double amount, String... labels) {
    counters
        .computeIfAbsent(
            new CounterKey(counter, List.of(labels)),
            key ->
                Counter.builder(counter.meter)
                    .description(counter.description)
                    .tags(labels)
                    .register(registry))
        .increment(amount);
  }

  private static String kind(SpaceOperation operation) {
    return switch (operation) {
      case SpaceOperation.Create create -> "create";
      case SpaceOperation.Destroy destroy -> "destroy";
      case SpaceOperation.Fork fork -> "fork";
      case SpaceOperation.SetMode setMode -> "set_mode";
      case SpaceOperation.SetOomScoreAdjust set -> "set_oom_score_adjust";
      case SpaceOperation.SetAttributes set -> "set_attributes";
      case SpaceOperation.Map map -> "map";
      case SpaceOperation.Unmap unmap -> "unmap";
      case SpaceOperation.Protect protect -> "protect";
      case SpaceOperation.Remap remap -> "remap";
      case SpaceOperation.Brk brk -> "brk";
      case SpaceOperation.Advise advise -> "advise_" + lower(advise.advice());
      case SpaceOperation.Invalidate invalidate -> "invalidate";
      case SpaceOperation.Sync sync -> "sync";
      case SpaceOperation.HandleMissing missing -> "handle_missing";
      case SpaceOperation.Supply supply -> "supply";
      case SpaceOperation.Pin pin -> "pin";
      case SpaceOperation.Unpin unpin -> "unpin";
      case SpaceOperation.Reclaim reclaim -> "reclaim";
      case SpaceOperation.Reap reap -> "reap";
      case SpaceOperation.MigrateToDevice migrate -> "migrate_to_device";
      case SpaceOperation.MigrateToHost migrate -> "migrate_to_host";
      case SpaceOperation.MigrateHome home -> "migrate_home";
      case SpaceOperation.MakeExclusive make -> "make_exclusive";
      case SpaceOperation.BreakCow copy -> "break_cow";
      case SpaceOperation.AwaitSupply await -> "await_supply";
      case SpaceOperation.RevokeExclusive revoke -> "revoke_exclusive";
    };
  }

  private static String lower(Enum<?> value) {
    return FenceMeters.lower(value);
  }
}
