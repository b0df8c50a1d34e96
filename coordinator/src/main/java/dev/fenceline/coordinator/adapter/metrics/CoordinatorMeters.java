package dev.fenceline.coordinator.adapter.metrics;

import dev.fenceline.coordinator.engine.NodeKey;
import dev.fenceline.coordinator.engine.NodeKind;
import dev.fenceline.coordinator.engine.NodeState;
import dev.fenceline.coordinator.engine.Refusal;
import dev.fenceline.coordinator.runtime.QueryObserver;
import dev.fenceline.coordinator.runtime.RegistryObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Counts what happens in the registry and times questions to nodes. Thread-safe. Labels come from
 * fixed sets: no ids.
 */
public final class CoordinatorMeters implements RegistryObserver, QueryObserver {
  private static final Duration[] BUCKETS = {
    Duration.ofMillis(1),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofMillis(2500),
    Duration.ofSeconds(5)
  };

  private final MeterRegistry meters;
  private final Counter reports;

  public CoordinatorMeters(MeterRegistry meters) {
    this.meters = meters;
    this.reports =
        Counter.builder("fenceline.coordinator.registry.reports")
            .description("Reports that reached the registry")
            .register(meters);
  }

  @Override
  public void reported() {
    reports.increment();
  }

  @Override
  public void refused(Refusal refusal) {
    Counter.builder("fenceline.coordinator.registrations.rejected")
        .description("Report streams refused, by reason")
        .tag("reason", refusal.slug())
        .register(meters)
        .increment();
  }

  @Override
  public void changed(NodeKind kind, NodeState to) {
    Counter.builder("fenceline.coordinator.node.transitions")
        .description("Changes of a node's state")
        .tag("kind", word(kind))
        .tag("to", word(to))
        .register(meters)
        .increment();
  }

  @Override
  public void forgotten(NodeKey node) {
    Counter.builder("fenceline.coordinator.nodes.forgotten")
        .description("Nodes that are no longer remembered")
        .tag("kind", word(node.kind()))
        .register(meters)
        .increment();
  }

  @Override
  public void answered(String operation, String outcome, long elapsedNanos) {
    Timer.builder("fenceline.coordinator.query")
        .description("Questions to hosts and agents")
        .tag("operation", operation)
        .tag("outcome", outcome)
        .serviceLevelObjectives(BUCKETS)
        .register(meters)
        .record(elapsedNanos, TimeUnit.NANOSECONDS);
  }

  static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
