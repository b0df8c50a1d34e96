package dev.fenceline.host.adapter.grpc;

import static dev.fenceline.host.adapter.grpc.HostUnderTest.BASE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.common.v1.WaitPolicy;
import dev.fenceline.host.adapter.metrics.HostMeters;
import dev.fenceline.host.adapter.tracing.InvalidationTracer;
import dev.fenceline.model.Access;
import dev.fenceline.space.v1.AddressSpaceServiceGrpc;
import dev.fenceline.space.v1.OperationReply;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import io.micrometer.core.instrument.Clock;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.opentelemetry.proto.trace.v1.Span;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Spans of invalidations as a collector receives them, and exemplars that lead to them. */
class TracingOverGrpcTest {
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String SPAN = "00f067aa0ba902b7";

  private OtlpReceiver collector;
  private InvalidationTracer tracer;
  private PrometheusMeterRegistry registry;
  private HostUnderTest host;
  private FakeAgent first;
  private FakeAgent second;
  private long space;

  @BeforeEach
  void startCollector() throws IOException {
    collector = new OtlpReceiver();
  }

  private void start(double samplingRatio) throws IOException {
    startStanding(samplingRatio, HostUnderTest.LONG_LEASE);
    host.letTimePass();
  }

  private void startStanding(double samplingRatio, Duration leaseTtl) throws IOException {
    tracer = new InvalidationTracer("host-under-test", collector.endpoint(), samplingRatio);
    registry =
        new PrometheusMeterRegistry(
            PrometheusConfig.DEFAULT, new PrometheusRegistry(), Clock.SYSTEM, tracer);
    HostMeters meters = new HostMeters(registry, HostMeters.DEFAULT_AGENT_LABELS, tracer);
    host = HostUnderTest.startStanding(leaseTtl, 1024, meters);
    meters.observe(host.runtime());
    space = host.createSpace();
    host.map(space, 16);
    host.write(space, BASE, new byte[8]); // the CPU holds a page, too
    first = holder("agent-1", 11);
    second = holder("agent-2", 22);
  }

  private FakeAgent holder(String agentId, long bootToken) {
    FakeAgent agent = new FakeAgent(host, agentId, bootToken).attach();
    agent.mirror(1, space, 0, BASE, 16);
    agent.fault(1, BASE, 4, Access.READ);
    return agent;
  }

  @AfterEach
  void stop() {
    first.close();
    second.close();
    host.close();
    tracer.close();
    collector.close();
  }

  private OperationReply unmap(String traceParent, WaitPolicy.Mode mode) {
    Metadata headers = new Metadata();
    if (!traceParent.isEmpty()) {
      headers.put(TraceParent.HEADER, traceParent);
    }
    AddressSpaceServiceGrpc.AddressSpaceServiceBlockingStub stub =
        host.spaces().withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    return stub.unmap(HostUnderTest.unmap(space, 4, mode));
  }

  private List<Span> childrenOf(Span parent) {
    return collector.spans().stream()
        .filter(span -> span.getParentSpanId().equals(parent.getSpanId()))
        .toList();
  }

  @Test
  void sampledInvalidation_isASpanWithAChildPerParticipant() throws IOException {
    start(1);
    final OperationReply reply = unmap("", WaitPolicy.Mode.MODE_BLOCK);

    Span span = collector.await("invalidation unmap");
    assertThat(span.getParentSpanId().isEmpty()).isTrue();
    assertThat(OtlpReceiver.attributes(span.getAttributesList()))
        .containsEntry("fenceline.invalidation.id", "host-under-test." + reply.getInvalidationId())
        .containsEntry("fenceline.space.id", "host-under-test." + space)
        .containsEntry("fenceline.range", "0x1000000000-0x1000004000")
        .containsEntry("fenceline.mode", "split")
        .containsEntry("fenceline.reason", "unmap")
        .containsEntry("fenceline.outcome", "completed")
        .containsEntry("fenceline.fences.waited", "3");
    assertThat(span.getEventsList())
        .extracting(Span.Event::getName)
        .containsExactly("unmap", "wait");
    assertThat(
            OtlpReceiver.attributes(collector.received().get(0).getResource().getAttributesList()))
        .containsEntry("service.name", "fenceline-mm-host")
        .containsEntry("service.instance.id", "host-under-test");

    HostUnderTest.await("a child per participant", () -> childrenOf(span).size() == 3);
    assertThat(childrenOf(span))
        .allSatisfy(
            child -> {
              assertThat(child.getName()).isEqualTo("fence");
              assertThat(child.getTraceId()).isEqualTo(span.getTraceId());
              assertThat(child.getEndTimeUnixNano())
                  .isGreaterThanOrEqualTo(child.getStartTimeUnixNano());
            })
        .extracting(child -> OtlpReceiver.attributes(child.getAttributesList()))
        .extracting(of -> of.get("fenceline.agent.id") + " " + of.get("fenceline.fence.resolution"))
        .containsExactlyInAnyOrder("cpu acked", "agent-1 acked", "agent-2 acked");
    long wall = System.currentTimeMillis() * 1_000_000;
    assertThat(span.getStartTimeUnixNano())
        .isBetween(wall - 60_000_000_000L, wall + 1_000_000_000L);
  }

  @Test
  void histograms_carryExemplarsThatLeadToTheTrace() throws IOException {
    start(1);
    unmap("", WaitPolicy.Mode.MODE_BLOCK);

    String trace = OtlpReceiver.hex(collector.await("invalidation unmap").getTraceId());
    List<String> lines = registry.scrape("application/openmetrics-text").lines().toList();
    for (String histogram :
        List.of("fenceline_fence_wait_seconds", "fenceline_fence_ack_seconds")) {
      assertThat(lines)
          .filteredOn(line -> line.startsWith(histogram + "_bucket"))
          .as(histogram)
          .anyMatch(line -> line.contains("# {") && line.contains("trace_id=\"" + trace + "\""));
    }
  }

  @Test
  void callersTrace_isContinued() throws IOException {
    start(0); // the caller decides
    unmap("00-" + TRACE + "-" + SPAN + "-01", WaitPolicy.Mode.MODE_BLOCK);

    Span span = collector.await("invalidation unmap");
    assertThat(OtlpReceiver.hex(span.getTraceId())).isEqualTo(TRACE);
    assertThat(OtlpReceiver.hex(span.getParentSpanId())).isEqualTo(SPAN);
  }

  @Test
  void whatNobodySampled_isNotSent() throws IOException {
    start(0);
    unmap("", WaitPolicy.Mode.MODE_BLOCK);
    tracer.close(); // sends what there is

    assertThat(collector.spans()).isEmpty();
    assertThat(registry.scrape("application/openmetrics-text")).doesNotContain("trace_id");
  }

  @Test
  void callerThatDoesNotRecord_isHeeded() throws IOException {
    start(1);
    unmap("00-" + TRACE + "-" + SPAN + "-00", WaitPolicy.Mode.MODE_BLOCK);
    tracer.close(); // sends what there is

    assertThat(collector.spans()).isEmpty();
  }

  @Test
  void backedOffInvalidation_tellsWhoStillOwed() throws IOException {
    start(1);
    second.acknowledging(false);
    assertThat(unmap("", WaitPolicy.Mode.MODE_TRY).getOutcome())
        .isEqualTo(OperationReply.Outcome.OUTCOME_BACKED_OFF);

    Span span = collector.await("invalidation unmap");
    assertThat(OtlpReceiver.attributes(span.getAttributesList()))
        .containsEntry("fenceline.outcome", "backed_off");
    HostUnderTest.await("children", () -> childrenOf(span).size() == 3);
    assertThat(childrenOf(span))
        .extracting(child -> OtlpReceiver.attributes(child.getAttributesList()))
        .anySatisfy(
            of ->
                assertThat(of)
                    .containsAllEntriesOf(
                        Map.of(
                            "fenceline.agent.id",
                            "agent-2",
                            "fenceline.fence.resolution",
                            "pending")));
  }

  @Test
  void fenceOfAVanishedAgent_isAnError() throws IOException {
    startStanding(1, Duration.ofMillis(300));
    second.acknowledging(false);
    host.letTimePass(); // and the host wakes up by itself when the lease ends
    unmap("", WaitPolicy.Mode.MODE_BLOCK);

    Span span = collector.await("invalidation unmap");
    HostUnderTest.await("children", () -> childrenOf(span).size() == 3);
    assertThat(childrenOf(span))
        .filteredOn(child -> child.hasStatus() && child.getStatus().getCodeValue() == 2)
        .isNotEmpty();
  }
}
