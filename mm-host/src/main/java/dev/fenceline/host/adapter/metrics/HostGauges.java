package dev.fenceline.host.adapter.metrics;

import dev.fenceline.host.engine.invalidation.Fence;
import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.session.AgentStanding;
import dev.fenceline.host.engine.session.LeasePolicy;
import dev.fenceline.host.engine.session.Session;
import dev.fenceline.host.engine.shard.ShardQueries;
import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.host.runtime.SessionView;
import dev.fenceline.host.runtime.Shard;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * What a host is busy with at the moment of a scrape: frames, queues, sessions and their leases,
 * fences that pend. Thread-safe; a scrape reads sessions and shards once, not once per gauge.
 */
final class HostGauges {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final long MAX_AGE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  /** Fences that pend on one shard. */
  private record PendingFences(Map<String, Integer> byAgent, long oldestNanos) {
    static final PendingFences NONE = new PendingFences(Map.of(), 0);
  }

  private final MeterRegistry registry;
  private final HostRuntime host;
  private final AgentLabels agents;
  private final Map<String, List<Gauge>> byAgent = new ConcurrentHashMap<>();
  private final Map<Integer, PendingFences> pending = new ConcurrentHashMap<>();
  private volatile List<SessionView> sessions = List.of();
  private volatile long readNanos = System.nanoTime() - MAX_AGE_NANOS;

  HostGauges(MeterRegistry registry, HostRuntime host, AgentLabels agents) {
    this.registry = registry;
    this.host = host;
    this.agents = agents;
    memoryGauges();
    queueGauges();
    sessionGauges();
    leaseBounds(host.settings().leases());
    fencesOf("cpu");
    gauge(
        "fenceline_fence_oldest_seconds",
        "Age of the oldest fence that pends; 0 if none does",
        g -> g.fresh().oldestNanos() / NANOS_PER_SECOND);
  }

  private void memoryGauges() {
    hostGauge("fenceline_host_spaces", "Address spaces", HostRuntime::spaceCount);
    hostGauge("fenceline_host_frames", "Page frames of 4 KiB", h -> h.pool().total());
    hostGauge("fenceline_host_frames_free", "Page frames not in use", h -> h.pool().available());
    hostGauge(
        "fenceline_host_cpu_entries",
        "Translations that the host's own CPU mirror holds",
        HostRuntime::cpuEntries);
  }

  private void queueGauges() {
    hostGauge(
        "fenceline_host_invalidations_inflight",
        "Invalidations that run or have fences that pend",
        HostRuntime::liveInvalidations);
    hostGauge(
        "fenceline_host_shard_queue_depth",
        "Inputs that wait at shards, or are being handled",
        HostRuntime::shardDepth);
    hostGauge(
        "fenceline_host_outbound_queue_depth",
        "Messages that wait for agents whose streams are not ready",
        h -> h.sessions().outboundDepth());
  }

  private void sessionGauges() {
    for (Session.State state : List.of(Session.State.ATTACHED, Session.State.DETACHED)) {
      Gauge.builder("fenceline_host_sessions", this, g -> g.sessionsIn(state))
          .description("Sessions of agents that have not ended")
          .tag("state", FenceMeters.lower(state))
          .register(registry);
    }
    for (AgentStanding.State state :
        List.of(AgentStanding.State.SUSPECT, AgentStanding.State.QUARANTINED)) {
      Gauge.builder("fenceline_host_agents", host, h -> h.sessions().standingCount(state))
          .description("Agents that have strikes, or are quarantined")
          .tag("standing", FenceMeters.lower(state))
          .register(registry);
    }
    gauge(
        "fenceline_host_agents_quarantined",
        "Agents that may not attach until they are returned",
        g -> g.host.sessions().standingCount(AgentStanding.State.QUARANTINED));
    gauge(
        "fenceline_host_agents_suspect",
        "Agents with strikes against them that are not quarantined",
        g -> g.host.sessions().standingCount(AgentStanding.State.SUSPECT));
    gauge(
        "fenceline_host_sessions_overdue",
        "Agents that owe an overdue fence, so that their lease is not renewed",
        g -> g.fresh().sessions.stream().filter(SessionView::overdue).count());
  }

  /** Constants, so that rules need not repeat the configuration. */
  private void leaseBounds(LeasePolicy leases) {
    hostGauge(
        "fenceline_host_lease_ttl_seconds",
        "The lease as agents see it",
        h -> leases.ttlNanos() / NANOS_PER_SECOND);
    hostGauge(
        "fenceline_host_fence_overdue_seconds",
        "Age at which a fence is overdue and its agent's lease is not renewed any more",
        h -> leases.overdueNanos() / NANOS_PER_SECOND);
    hostGauge(
        "fenceline_host_fence_bound_seconds",
        "Age that no fence exceeds: overdue, then the lease runs out",
        h -> leases.fenceBoundNanos() / NANOS_PER_SECOND);
  }

  /** An agent that is gone has no lease; its gauges go with it. */
  void changed(String agentId, Session.State state) {
    String label = agents.of(agentId);
    if (label.equals(AgentLabels.OTHER)) {
      byAgent.computeIfAbsent(label, of -> List.of(fencesOf(of)));
      return;
    }
    switch (state) {
      case ATTACHED -> byAgent.computeIfAbsent(label, this::gaugesOf);
      case DETACHED -> {}
      case ENDED -> {
        List<Gauge> gauges = byAgent.remove(label);
        if (gauges != null) {
          gauges.forEach(registry::remove);
        }
      }
    }
  }

  private List<Gauge> gaugesOf(String agent) {
    return List.of(
        Gauge.builder("fenceline_host_lease_margin_seconds", this, g -> g.margin(agent))
            .description("Time until the host declares the agent dead unless it is renewed")
            .tag("agent", agent)
            .register(registry),
        fencesOf(agent));
  }

  private Gauge fencesOf(String agent) {
    return Gauge.builder("fenceline_fence_inflight", this, g -> g.fresh().pendingOf(agent))
        .description("Fences that the participant owes")
        .tag("agent", agent)
        .register(registry);
  }

  private double margin(String agentId) {
    return fresh().sessions.stream()
        .filter(session -> session.hello().agentId().equals(agentId))
        .mapToDouble(session -> session.leaseLeftNanos() / NANOS_PER_SECOND)
        .findFirst()
        .orElse(Double.NaN);
  }

  private long sessionsIn(Session.State state) {
    return fresh().sessions.stream().filter(session -> session.state() == state).count();
  }

  private int pendingOf(String agent) {
    return pending.values().stream().mapToInt(of -> of.byAgent().getOrDefault(agent, 0)).sum();
  }

  private long oldestNanos() {
    return pending.values().stream().mapToLong(PendingFences::oldestNanos).max().orElse(0);
  }

  /** Reads again what is old. Answered at once unless they are busy; then the last must do. */
  private HostGauges fresh() {
    long now = System.nanoTime();
    if (now - readNanos >= MAX_AGE_NANOS) {
      readNanos = now;
      host.sessions()
          .views()
          .whenComplete(
              (views, failure) -> {
                if (views != null) {
                  sessions = views;
                }
              });
      for (int i = 0; i < host.shardCount(); i++) {
        read(host.shard(i));
      }
    }
    return this;
  }

  private void read(Shard shard) {
    host.query(shard, this::pendingFences)
        .whenComplete(
            (fences, failure) ->
                pending.put(shard.index(), fences == null ? PendingFences.NONE : fences));
  }

  private PendingFences pendingFences(ShardQueries queries, long nowNanos) {
    Map<String, Integer> pendingByAgent = new TreeMap<>();
    long oldestNanos = 0;
    for (Invalidation invalidation : queries.live()) {
      for (Fence fence : invalidation.fences()) {
        if (fence.pending()) {
          pendingByAgent.merge(agents.of(fence.participant().device().agentId()), 1, Integer::sum);
          oldestNanos = Math.max(oldestNanos, nowNanos - fence.scheduledNanos());
        }
      }
    }
    return new PendingFences(pendingByAgent, oldestNanos);
  }

  private void gauge(String name, String description, ToDoubleFunction<HostGauges> value) {
    Gauge.builder(name, this, value).description(description).register(registry);
  }

  private void hostGauge(String name, String description, ToDoubleFunction<HostRuntime> value) {
    Gauge.builder(name, host, value).description(description).register(registry);
  }
}
