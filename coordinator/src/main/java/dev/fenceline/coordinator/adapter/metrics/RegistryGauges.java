package dev.fenceline.coordinator.adapter.metrics;

import dev.fenceline.coordinator.engine.NodeKind;
import dev.fenceline.coordinator.engine.NodeState;
import dev.fenceline.coordinator.runtime.RegistryRuntime;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

/** What the registry holds at the moment. Thread-safe. */
public final class RegistryGauges implements MeterBinder {
  private final RegistryRuntime runtime;

  public RegistryGauges(RegistryRuntime runtime) {
    this.runtime = runtime;
  }

  @Override
  public void bindTo(MeterRegistry meters) {
    for (NodeKind kind : NodeKind.values()) {
      for (NodeState state : NodeState.values()) {
        Gauge.builder(
                "fenceline.coordinator.nodes", runtime, each -> each.counts().nodes(kind, state))
            .description("Nodes that are remembered")
            .tag("kind", CoordinatorMeters.word(kind))
            .tag("state", CoordinatorMeters.word(state))
            .register(meters);
      }
    }
    Gauge.builder("fenceline.coordinator.devices", runtime, each -> each.counts().devices())
        .description("Devices of agents that are live or suspect")
        .register(meters);
    Gauge.builder(
            "fenceline.coordinator.recovering", runtime, each -> each.counts().recovering() ? 1 : 0)
        .description("1 until the coordinator knows the nodes again after its start")
        .register(meters);
    Gauge.builder("fenceline.coordinator.report.streams", runtime, each -> each.counts().streams())
        .description("Open report streams")
        .register(meters);
    Gauge.builder("fenceline.coordinator.event.queue.depth", runtime, RegistryRuntime::queueDepth)
        .description("Inputs of the registry that wait or are being handled")
        .register(meters);
  }
}
