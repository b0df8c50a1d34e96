package dev.fenceline.host.adapter.metrics;

import dev.fenceline.host.engine.session.Session;
import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.host.runtime.SessionView;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * How much of each agent's lease is left, and who is overdue. Thread-safe; a scrape reads the
 * sessions once, not once per agent.
 */
final class LeaseGauges {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final long MAX_AGE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private record Snapshot(long takenNanos, List<SessionView> sessions) {}

  private final MeterRegistry registry;
  private final HostRuntime host;
  private final Map<String, Gauge> byAgent = new ConcurrentHashMap<>();
  private volatile Snapshot last = new Snapshot(System.nanoTime() - MAX_AGE_NANOS, List.of());

  LeaseGauges(MeterRegistry registry, HostRuntime host) {
    this.registry = registry;
    this.host = host;
    Gauge.builder("fenceline_host_sessions_overdue", this, LeaseGauges::overdue).register(registry);
  }

  /** An agent that is gone has no lease; its gauge goes with it. */
  void changed(String agentId, Session.State state) {
    switch (state) {
      case ATTACHED ->
          byAgent.computeIfAbsent(
              agentId,
              agent ->
                  Gauge.builder("fenceline_host_lease_margin_seconds", this, g -> g.margin(agent))
                      .tag("agent", agent)
                      .register(registry));
      case DETACHED -> {}
      case ENDED -> {
        Gauge gauge = byAgent.remove(agentId);
        if (gauge != null) {
          registry.remove(gauge);
        }
      }
    }
  }

  private double margin(String agentId) {
    return sessions().stream()
        .filter(session -> session.hello().agentId().equals(agentId))
        .mapToDouble(session -> session.leaseLeftNanos() / NANOS_PER_SECOND)
        .findFirst()
        .orElse(Double.NaN);
  }

  private double overdue() {
    return sessions().stream().filter(SessionView::overdue).count();
  }

  private List<SessionView> sessions() {
    Snapshot snapshot = last;
    long now = System.nanoTime();
    if (now - snapshot.takenNanos() >= MAX_AGE_NANOS) {
      // Answered at once unless the sessions are busy; then the last answer must do.
      host.sessions()
          .views()
          .whenComplete(
              (views, failure) -> {
                if (views != null) {
                  last = new Snapshot(now, views);
                }
              });
    }
    return last.sessions();
  }
}
