package dev.fenceline.host.adapter.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.invalidation.SessionLedger;
import dev.fenceline.host.engine.session.Session;
import dev.fenceline.host.engine.space.OperationPlan.Footprint;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.runtime.InvalidationTraces;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.InvalidationKind;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.WaitPolicy;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class HostMetersTest {
  private static final long MILLI = 1_000_000;

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  private static DeviceView device(String agentId) {
    return new DeviceView(new DeviceId(agentId, 0), agentId, new SessionLedger(1));
  }

  private static Invalidation invalidation(long id, WaitPolicy wait, List<DeviceView> holders) {
    Operation operation =
        new Operation(id, id, new SpaceOperation.Invalidate(1, 0, 4096), wait, MILLI);
    Invalidation invalidation =
        new Invalidation(
            id,
            operation,
            new Footprint(0, 1, InvalidationKind.CLEAR, true),
            NotificationMode.SPLIT,
            id,
            MILLI);
    holders.forEach(holder -> invalidation.addFence(holder, true, MILLI));
    return invalidation;
  }

  /** All acknowledge after 1 ms, the last one after that time. */
  private static void complete(HostMeters meters, Invalidation invalidation, long lastNanos) {
    invalidation.transition(Invalidation.State.UNMAPPED, MILLI);
    invalidation.transition(Invalidation.State.WAITING, MILLI);
    int fences = invalidation.fences().size();
    for (int i = 0; i < fences; i++) {
      long at = i == fences - 1 ? MILLI + lastNanos : 2 * MILLI;
      invalidation.resolve(i, FenceResolution.ACKED, at);
    }
    invalidation.transition(Invalidation.State.COMPLETED, MILLI + lastNanos);
    for (int i = 0; i < fences; i++) {
      meters.fenceResolved(invalidation, i);
    }
    meters.invalidationEnded(invalidation, null, MILLI + lastNanos);
  }

  @Test
  void lastOfSeveral_isTheStraggler_byItsDistanceFromTheOneBefore() {
    HostMeters meters = new HostMeters(registry);
    List<DeviceView> holders = List.of(device("a"), device("b"), device("c"));
    complete(meters, invalidation(1, WaitPolicy.BLOCK, holders), 251 * MILLI);
    complete(meters, invalidation(2, WaitPolicy.BLOCK, List.of(device("a"))), 900 * MILLI);

    assertThat(registry.scrape())
        .contains("fenceline_fence_straggler_total{agent=\"c\",device=\"0\"} 1.0")
        .contains("fenceline_fence_straggler_seconds_total{agent=\"c\",device=\"0\"} 0.25")
        .doesNotContain("fenceline_fence_straggler_total{agent=\"a\"")
        .contains(
            "fenceline_fence_ack_seconds_count{agent=\"c\",device=\"0\",resolution=\"acked\"} 1")
        .contains("fenceline_host_invalidations_total{outcome=\"completed\"} 2.0");
  }

  @Test
  void fenceThatResolvesAfterABackOff_isRecordedOnce() {
    HostMeters meters = new HostMeters(registry);
    Invalidation invalidation = invalidation(1, WaitPolicy.TRY, List.of(device("a")));
    invalidation.transition(Invalidation.State.UNMAPPED, MILLI);
    invalidation.transition(Invalidation.State.WAITING, MILLI);
    invalidation.transition(Invalidation.State.BACKED_OFF, MILLI);
    meters.invalidationEnded(invalidation, null, MILLI);
    assertThat(registry.scrape())
        .contains("fenceline_host_backoffs_total{wait=\"try\"} 1.0")
        .doesNotContain("fenceline_fence_ack_seconds_count");

    invalidation.resolve(0, FenceResolution.LEASE_EXPIRED, 3 * MILLI);
    meters.fenceResolved(invalidation, 0);
    assertThat(registry.scrape())
        .contains(
            "fenceline_fence_ack_seconds_count"
                + "{agent=\"a\",device=\"0\",resolution=\"lease_expired\"} 1")
        .contains("fenceline_fence_timeout_total{agent=\"a\"} 1.0");
  }

  @Test
  void agentsBeyondTheLimit_areOneLabel() {
    HostMeters meters = new HostMeters(registry, 2, InvalidationTraces.NONE);
    for (int i = 0; i < 50; i++) {
      meters.sessionChanged("agent-" + i, Session.State.ATTACHED, "");
      complete(meters, invalidation(i + 1, WaitPolicy.BLOCK, List.of(device("agent-" + i))), MILLI);
    }

    assertThat(registry.scrape().lines().filter(line -> line.startsWith("fenceline_fence_timeout")))
        .hasSize(3)
        .anyMatch(line -> line.contains("agent=\"other\""));
    assertThat(registry.scrape())
        .contains(
            "fenceline_fence_ack_seconds_count"
                + "{agent=\"other\",device=\"other\",resolution=\"acked\"} 48")
        .doesNotContain("agent=\"agent-2\"");
  }

  /** A scrape's cost grows with its samples; docs/METRICS.md has the figures. */
  @Test
  void scrapeOfAThousandAgents_staysBounded() {
    HostMeters meters = new HostMeters(registry);
    for (int i = 0; i < 1_000; i++) {
      meters.sessionChanged("agent-" + i, Session.State.ATTACHED, "");
      complete(
          meters,
          invalidation(i + 1, WaitPolicy.BLOCK, List.of(device("cpu"), device("agent-" + i))),
          2 * MILLI);
    }
    List<Long> nanos = new ArrayList<>();
    String scrape = "";
    for (int i = 0; i < 40; i++) {
      long began = System.nanoTime();
      scrape = registry.scrape();
      nanos.add(System.nanoTime() - began);
    }
    long[] sorted = nanos.stream().mapToLong(Long::longValue).toArray();
    Arrays.sort(sorted);
    long samples = scrape.lines().filter(line -> !line.startsWith("#")).count();
    System.out.printf(
        "scrape of 1,000 agents: %d samples, %.1f MB, median %.1f ms%n",
        samples, scrape.length() / 1e6, sorted[sorted.length / 2] / 1e6);
    assertThat(samples).isBetween(1_000L, 5_000L);
  }
}
