package dev.fenceline.host.adapter.metrics;

import dev.fenceline.host.engine.invalidation.Fence;
import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.InvalidationKind;
import dev.fenceline.model.NotificationMode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What invalidations and their fences take, and who holds them up. Thread-safe.
 *
 * <p>Meters are kept by their keys, since to look one up in the registry costs more than to count.
 */
final class FenceMeters {
  private static final double NANOS_PER_SECOND = 1e9;

  private record PhasesKey(NotificationMode mode, InvalidationKind kind) {}

  private record Phases(Timer schedule, Timer unmap, Timer waiting) {}

  private record FenceKey(DeviceId device, FenceResolution resolution) {}

  /** Who came last, and by how much. */
  private record Straggling(Counter times, Counter seconds) {}

  private final MeterRegistry registry;
  private final AgentLabels agents;
  private final Map<PhasesKey, Phases> phases = new ConcurrentHashMap<>();
  private final Map<FenceKey, Timer> acks = new ConcurrentHashMap<>();
  private final Map<DeviceId, Straggling> stragglers = new ConcurrentHashMap<>();
  private final Map<String, Counter> timeouts = new ConcurrentHashMap<>();
  private final Map<String, Counter> backoffs = new ConcurrentHashMap<>();
  private final Map<Invalidation.State, Counter> ended = new ConcurrentHashMap<>();

  FenceMeters(MeterRegistry registry, AgentLabels agents) {
    this.registry = registry;
    this.agents = agents;
    for (String wait : new String[] {"try", "deadline", "block"}) {
      backoffs(wait);
    }
    ended(Invalidation.State.COMPLETED);
    ended(Invalidation.State.BACKED_OFF);
  }

  /** Counters begin at zero before anything happens, or the first time would not be seen. */
  void agentAttached(String agentId) {
    timeouts(agents.of(agentId));
  }

  void invalidationEnded(Invalidation invalidation, long nowNanos) {
    Phases of = phasesOf(new PhasesKey(invalidation.mode(), invalidation.kind()));
    of.schedule().record(invalidation.scheduleNanos(nowNanos), TimeUnit.NANOSECONDS);
    of.unmap().record(invalidation.unmapNanos(nowNanos), TimeUnit.NANOSECONDS);
    of.waiting().record(invalidation.waitNanos(nowNanos), TimeUnit.NANOSECONDS);
    ended(invalidation.state()).increment();
    for (int i = 0; i < invalidation.fences().size(); i++) {
      record(invalidation.fences().get(i));
    }
    if (invalidation.state() == Invalidation.State.BACKED_OFF) {
      backoffs(waitOf(invalidation)).increment();
    } else if (invalidation.waitedCount() > 1) {
      straggled(invalidation);
    }
  }

  /**
   * Records a fence that resolved after its invalidation had backed off; the others are recorded
   * with their invalidation, whose trace they lead to.
   */
  void fenceResolved(Invalidation invalidation, Fence fence) {
    if (invalidation.state().ended() && fence.resolvedNanos() > endedNanos(invalidation)) {
      record(fence);
    }
  }

  private static long endedNanos(Invalidation ended) {
    return ended.startedNanos() + ended.scheduleNanos(0) + ended.unmapNanos(0) + ended.waitNanos(0);
  }

  private void record(Fence fence) {
    FenceResolution resolution = fence.resolution();
    if (resolution == null || resolution == FenceResolution.NOT_HELD) {
      return;
    }
    acks.computeIfAbsent(new FenceKey(fence.participant().device(), resolution), this::ack)
        .record(fence.resolvedNanos() - fence.scheduledNanos(), TimeUnit.NANOSECONDS);
    if (resolution == FenceResolution.LEASE_EXPIRED) {
      timeouts(agents.of(fence.participant().device().agentId())).increment();
    }
  }

  /** The last of several is who the caller waited for, by its distance from the one before. */
  private void straggled(Invalidation invalidation) {
    Fence last = null;
    long lastNanos = Long.MIN_VALUE;
    long beforeNanos = Long.MIN_VALUE;
    for (int i = 0; i < invalidation.fences().size(); i++) {
      Fence fence = invalidation.fences().get(i);
      if (fence.pending() || fence.resolution() == FenceResolution.NOT_HELD) {
        continue;
      }
      long nanos = fence.resolvedNanos();
      if (last == null || nanos > lastNanos) {
        beforeNanos = lastNanos;
        lastNanos = nanos;
        last = fence;
      } else {
        beforeNanos = Math.max(beforeNanos, nanos);
      }
    }
    if (last != null && beforeNanos != Long.MIN_VALUE) {
      Straggling of = stragglers.computeIfAbsent(last.participant().device(), this::straggling);
      of.times().increment();
      of.seconds().increment((lastNanos - beforeNanos) / NANOS_PER_SECOND);
    }
  }

  private static String waitOf(Invalidation invalidation) {
    if (invalidation.operation().waitsForNothing()) {
      return "try";
    }
    return invalidation.operation().deadlineNanos() == Long.MAX_VALUE ? "block" : "deadline";
  }

  private Phases phasesOf(PhasesKey key) {
    Phases known = phases.get(key);
    return known != null
        ? known
        : phases.computeIfAbsent(
            key, of -> new Phases(phase("schedule", of), phase("unmap", of), phase("wait", of)));
  }

  private Timer phase(String phase, PhasesKey key) {
    return Timer.builder("fenceline_fence_wait")
        .description("Duration of each phase of an invalidation")
        .tag("phase", phase)
        .tag("mode", lower(key.mode()))
        .tag("reason", lower(key.kind()))
        .serviceLevelObjectives(Buckets.durations())
        .register(registry);
  }

  private Timer ack(FenceKey key) {
    return Timer.builder("fenceline_fence_ack")
        .description("From the schedule of a fence to its end, by participant")
        .tag("agent", agents.of(key.device().agentId()))
        .tag("device", device(key.device()))
        .tag("resolution", lower(key.resolution()))
        .serviceLevelObjectives(Buckets.durations())
        .register(registry);
  }

  private Straggling straggling(DeviceId device) {
    String agent = agents.of(device.agentId());
    return new Straggling(
        Counter.builder("fenceline_fence_straggler")
            .description("Invalidations of several participants in which this one came last")
            .tag("agent", agent)
            .tag("device", device(device))
            .register(registry),
        Counter.builder("fenceline_fence_straggler_seconds")
            .description("Time by which this participant came after the last but one")
            .tag("agent", agent)
            .tag("device", device(device))
            .register(registry));
  }

  /** Devices of agents that are not named are not told apart either. */
  private String device(DeviceId device) {
    return agents.of(device.agentId()).equals(AgentLabels.OTHER)
        ? AgentLabels.OTHER
        : Integer.toString(device.deviceIndex());
  }

  private Counter timeouts(String agent) {
    return timeouts.computeIfAbsent(
        agent,
        key ->
            Counter.builder("fenceline_fence_timeout")
                .description("Fences that ended because the agent's lease ran out")
                .tag("agent", key)
                .register(registry));
  }

  private Counter backoffs(String wait) {
    return backoffs.computeIfAbsent(
        wait,
        key ->
            Counter.builder("fenceline_host_backoffs")
                .description("Invalidations that backed off, by how their caller waits")
                .tag("wait", key)
                .register(registry));
  }

  private Counter ended(Invalidation.State state) {
    return ended.computeIfAbsent(
        state,
        key ->
            Counter.builder("fenceline_host_invalidations")
                .description("Invalidations that ended")
                .tag("outcome", lower(key))
                .register(registry));
  }

  static String lower(@Nullable Enum<?> value) {
    return value == null ? "" : value.name().toLowerCase(Locale.ROOT);
  }
}
