package dev.fenceline.host.adapter.metrics;

import dev.fenceline.host.engine.invalidation.Fence;
import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.session.Session;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.runtime.HostObserver;
import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Errno;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.NotificationMode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The host's meters. Thread-safe. Labels name agents, devices and kinds, never ranges or address
 * spaces.
 */
public final class HostMeters implements HostObserver {
  /** From a fence within the process to the bound of a lost agent. */
  private static final Duration[] BUCKETS = {
    Duration.ofNanos(10_000),
    Duration.ofNanos(25_000),
    Duration.ofNanos(50_000),
    Duration.ofNanos(100_000),
    Duration.ofNanos(250_000),
    Duration.ofNanos(500_000),
    Duration.ofMillis(1),
    Duration.ofNanos(2_500_000),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofMillis(2_500),
    Duration.ofSeconds(5),
    Duration.ofSeconds(10),
    Duration.ofSeconds(30),
    Duration.ofSeconds(60)
  };

  private record FenceKey(DeviceId device, FenceResolution resolution) {}

  private record CounterKey(String name, List<String> labels) {}

  private record Phases(Timer schedule, Timer unmap, Timer waiting) {}

  private final MeterRegistry registry;
  private final Map<NotificationMode, Phases> phases = new ConcurrentHashMap<>();
  private final Map<FenceKey, Timer> fences = new ConcurrentHashMap<>();
  private final Map<CounterKey, Counter> counters = new ConcurrentHashMap<>();
  private @Nullable LeaseGauges leases;

  public HostMeters(MeterRegistry registry) {
    this.registry = registry;
  }

  /** Adds the gauges of a host; once, before its first session. */
  public void observe(HostRuntime host) {
    leases = new LeaseGauges(registry, host);
    gauge("fenceline_host_invalidations_in_flight", host, HostRuntime::liveInvalidations);
    gauge("fenceline_host_shard_queue_depth", host, HostRuntime::shardDepth);
    gauge("fenceline_host_outbound_queue_depth", host, h -> h.sessions().outboundDepth());
    gauge("fenceline_host_sessions", host, h -> h.sessions().sessionCount());
    gauge("fenceline_host_spaces", host, HostRuntime::spaceCount);
    gauge("fenceline_host_frames", host, h -> h.pool().total());
    gauge("fenceline_host_frames_free", host, h -> h.pool().available());
    gauge("fenceline_host_cpu_entries", host, HostRuntime::cpuEntries);
    FunctionCounter.builder("fenceline_host_late_messages", host, HostRuntime::lateMessages)
        .register(registry);
    count("fenceline_host_backoffs", 0);
    count("fenceline_host_malformed_messages", 0);
    for (NotificationMode mode : NotificationMode.values()) {
      phasesOf(mode);
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
    count("fenceline_host_operations", 1, "kind", kind(operation), "outcome", ending);
  }

  @Override
  public void invalidationEnded(Invalidation invalidation, long nowNanos) {
    Phases of = phasesOf(invalidation.mode());
    of.schedule().record(invalidation.scheduleNanos(nowNanos), TimeUnit.NANOSECONDS);
    of.unmap().record(invalidation.unmapNanos(nowNanos), TimeUnit.NANOSECONDS);
    of.waiting().record(invalidation.waitNanos(nowNanos), TimeUnit.NANOSECONDS);
    if (invalidation.state() == Invalidation.State.BACKED_OFF) {
      count("fenceline_host_backoffs", 1);
    }
  }

  @Override
  public void fenceResolved(Invalidation invalidation, int fenceIndex) {
    Fence fence = invalidation.fences().get(fenceIndex);
    FenceResolution resolution = fence.resolution();
    if (resolution != null) {
      fences
          .computeIfAbsent(
              new FenceKey(fence.participant().device(), resolution),
              key ->
                  timer(
                      "fenceline_host_fence",
                      "device",
                      key.device().toString(),
                      "resolution",
                      lower(key.resolution())))
          .record(fence.resolvedNanos() - fence.scheduledNanos(), TimeUnit.NANOSECONDS);
    }
  }

  @Override
  public void faultServed(int pages, boolean parked) {
    count("fenceline_host_faults", 1, "outcome", parked ? "parked" : "served");
    if (!parked) {
      count("fenceline_host_fault_pages", pages);
    }
  }

  @Override
  public void cpuFaultEnded(@Nullable Errno refused) {
    count("fenceline_host_cpu_faults", 1, "outcome", refused == null ? "served" : lower(refused));
  }

  @Override
  public void dmaEnded(DmaRequest request, DmaReply.Outcome outcome) {
    String operation = lower(request.operation());
    count("fenceline_host_dma_requests", 1, "operation", operation, "outcome", lower(outcome));
    if (outcome == DmaReply.Outcome.DONE) {
      count("fenceline_host_dma_bytes", request.length(), "operation", operation);
    }
  }

  @Override
  public void malformedMessage() {
    count("fenceline_host_malformed_messages", 1);
  }

  @Override
  public void outboundCollapsed(int messages) {
    count("fenceline_host_outbound_collapsed_messages", messages);
  }

  @Override
  public void outboundOverflowed() {
    count("fenceline_host_outbound_overflows", 1);
  }

  @Override
  public void sessionChanged(String agentId, Session.State state, String reason) {
    count("fenceline_host_session_changes", 1, "state", lower(state));
    LeaseGauges gauges = leases;
    if (gauges != null) {
      gauges.changed(agentId, state);
    }
  }

  @Override
  public void stopped(String what, Throwable cause) {
    count("fenceline_host_broken_invariants", 1);
  }

  private Phases phasesOf(NotificationMode mode) {
    return phases.computeIfAbsent(
        mode, key -> new Phases(phase("schedule", key), phase("unmap", key), phase("wait", key)));
  }

  private Timer phase(String phase, NotificationMode mode) {
    return timer("fenceline_host_invalidation_phase", "phase", phase, "mode", lower(mode));
  }

  private Timer timer(String name, String... labels) {
    return Timer.builder(name).tags(labels).serviceLevelObjectives(BUCKETS).register(registry);
  }

  private void gauge(String name, HostRuntime host, ToDoubleFunction<HostRuntime> value) {
    Gauge.builder(name, host, value).register(registry);
  }

  /** Looking a counter up in the registry costs more than counting. */
  private void count(String name, double amount, String... labels) {
    counters
        .computeIfAbsent(
            new CounterKey(name, List.of(labels)), key -> registry.counter(name, labels))
        .increment(amount);
  }

  private static String kind(SpaceOperation operation) {
    return switch (operation) {
      case SpaceOperation.Create create -> "create";
      case SpaceOperation.Destroy destroy -> "destroy";
      case SpaceOperation.Fork fork -> "fork";
      case SpaceOperation.SetMode setMode -> "set_mode";
      case SpaceOperation.Map map -> "map";
      case SpaceOperation.Unmap unmap -> "unmap";
      case SpaceOperation.Protect protect -> "protect";
      case SpaceOperation.Remap remap -> "remap";
      case SpaceOperation.Brk brk -> "brk";
      case SpaceOperation.Advise advise -> "advise_" + lower(advise.advice());
      case SpaceOperation.Invalidate invalidate -> "invalidate";
    };
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
