package dev.fenceline.coordinator.adapter.metrics;

import dev.fenceline.coordinator.engine.NodeKey;
import dev.fenceline.coordinator.engine.NodeKind;
import dev.fenceline.coordinator.engine.NodeState;
import dev.fenceline.coordinator.engine.Refusal;
import dev.fenceline.coordinator.runtime.DeadlockObserver;
import dev.fenceline.coordinator.runtime.QueryObserver;
import dev.fenceline.coordinator.runtime.RegistryObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Counts what happens in the registry and times questions to nodes. Thread-safe. Labels come from
 * fixed sets: no ids.
 */
public final class CoordinatorMeters implements RegistryObserver, QueryObserver, DeadlockObserver {
  /** The bounds of every histogram: 10 us to 10 s. */
  private static final long[] BUCKET_MICROS = {
    10,
    25,
    50,
    100,
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000
  };

  private final MeterRegistry meters;
  private final Counter reports;

  public CoordinatorMeters(MeterRegistry meters) {
    this.meters = meters;
    this.reports =
        Counter.builder("fenceline.coordinator.registry.reports")
            .description("Reports that reached the registry")
            .register(meters);
    // From zero, or the first refusal would not be seen by a rate.
    for (String reason :
        List.of(
            "malformed",
            "node-id-taken",
            "identity-changed",
            "superseded",
            "registry-full",
            "silent")) {
      refusals(reason);
    }
    for (Happening happening : Happening.values()) {
      deadlocks(happening);
    }
    for (NodeKind kind : NodeKind.values()) {
      forgotten(kind);
      for (NodeState state : NodeState.values()) {
        transitions(kind, state);
      }
    }
  }

  @Override
  public void happened(Happening what) {
    deadlocks(what).increment();
  }

  private Counter deadlocks(Happening what) {
    return Counter.builder("fenceline.coordinator.deadlocks")
        .description("Circles of waits: found, remedies applied, broken, gone by themselves")
        .tag("happening", word(what).replace('_', '-'))
        .register(meters);
  }

  @Override
  public void reported() {
    reports.increment();
  }

  @Override
  public void refused(Refusal refusal) {
    refusals(refusal.slug()).increment();
  }

  private Counter refusals(String reason) {
    return Counter.builder("fenceline.coordinator.registrations.rejected")
        .description("Report streams refused, by reason")
        .tag("reason", reason)
        .register(meters);
  }

  @Override
  public void changed(NodeKind kind, NodeState to) {
    transitions(kind, to).increment();
  }

  private Counter transitions(NodeKind kind, NodeState to) {
    return Counter.builder("fenceline.coordinator.node.transitions")
        .description("Changes of a node's state")
        .tag("kind", word(kind))
        .tag("to", word(to))
        .register(meters);
  }

  @Override
  public void forgotten(NodeKey node) {
    forgotten(node.kind()).increment();
  }

  private Counter forgotten(NodeKind kind) {
    return Counter.builder("fenceline.coordinator.nodes.forgotten")
        .description("Nodes that are no longer remembered")
        .tag("kind", word(kind))
        .register(meters);
  }

  @Override
  public void answered(String operation, String outcome, long elapsedNanos) {
    Timer.builder("fenceline.coordinator.query")
        .description("Questions to hosts and agents")
        .tag("operation", operation)
        .tag("outcome", outcome)
        .serviceLevelObjectives(buckets())
        .register(meters)
        .record(elapsedNanos, TimeUnit.NANOSECONDS);
  }

  private static Duration[] buckets() {
    Duration[] bounds = new Duration[BUCKET_MICROS.length];
    for (int i = 0; i < bounds.length; i++) {
      bounds[i] = Duration.ofNanos(BUCKET_MICROS[i] * 1_000);
    }
    return bounds;
  }

  static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
