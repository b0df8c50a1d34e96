package dev.fenceline.host.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.common.v1.Protection;
import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.query.v1.GetHostRequest;
import dev.fenceline.query.v1.HostQueryServiceGrpc;
import dev.fenceline.registry.v1.NodeReport;
import dev.fenceline.space.v1.AddressSpaceServiceGrpc;
import dev.fenceline.space.v1.CreateSpaceRequest;
import dev.fenceline.space.v1.MapRequest;
import dev.fenceline.space.v1.UnmapRequest;
import dev.fenceline.space.v1.WriteRequest;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

@Timeout(value = 240, unit = TimeUnit.SECONDS)
class HostApplicationTest {
  @Test
  void process_servesMetersReportsAndLeavesInGoodOrder() throws Exception {
    try (FakeCoordinator coordinator = new FakeCoordinator()) {
      int coordinatorPort = coordinator.port();
      try (ConfigurableApplicationContext context =
          run(
              "--fenceline.host.arena=1MB",
              "--fenceline.host.coordinators=localhost:" + coordinatorPort)) {
        int grpcPort = port(context, "local.grpc.server.port");
        int httpPort = port(context, "local.server.port");
        useOverGrpc(grpcPort);

        assertThat(get(httpPort, "/actuator/health/readiness")).contains("UP");
        assertThat(get(httpPort, "/actuator/health/liveness")).contains("invariants", "UP");
        assertThat(get(httpPort, "/actuator/prometheus"))
            .contains("fenceline_host_operations_total{kind=\"create\",outcome=\"done\"} 1.0")
            .contains("fenceline_host_operations_total{kind=\"map\",outcome=\"done\"} 1.0")
            .contains("fenceline_host_backoffs_total{wait=\"try\"} 0.0")
            .contains("fenceline_host_late_messages_total{cause=\"epoch\"} 0.0")
            .contains("fenceline_host_frames_free");

        await("a report", () -> !coordinator.reports().isEmpty());
        NodeReport report = coordinator.reports().get(0);
        assertThat(report.getNodeId()).isEqualTo("host-test");
        assertThat(report.getBootToken()).isNotZero();
        assertThat(report.getEndpoint()).isEqualTo("localhost:" + grpcPort);
        assertThat(report.getHttpEndpoint()).isEqualTo("localhost:" + httpPort);
        await(
            "a report of the space",
            () -> coordinator.reports().getLast().getHost().getSpaceCount() == 1);

        coordinator.goAway();
        coordinator.reports().clear();
        assertThat(context.getBean(HostRuntime.class).stopped()).isNull();
        coordinator.comeBack(coordinatorPort);
        await("a report to the new coordinator", () -> !coordinator.reports().isEmpty());
      }
      await("the good-bye", () -> coordinator.reports().getLast().getLeaving());
    }
  }

  /** Boot hands the tracer to the registry; that nobody takes the spans does no harm. */
  @Test
  void tracing_givesExemplarsToAScrape() throws Exception {
    try (ConfigurableApplicationContext context =
        run(
            "--fenceline.host.arena=1MB",
            "--fenceline.host.tracing.endpoint=http://127.0.0.1:9/v1/traces",
            "--fenceline.host.tracing.sampling-ratio=1")) {
      invalidateWhatTheCpuHolds(port(context, "local.grpc.server.port"));
      HttpRequest scrape =
          HttpRequest.newBuilder(
                  URI.create(
                      "http://localhost:"
                          + port(context, "local.server.port")
                          + "/actuator/prometheus"))
              .header("Accept", "application/openmetrics-text; version=1.0.0")
              .build();
      try (HttpClient client = HttpClient.newHttpClient()) {
        assertThat(client.send(scrape, HttpResponse.BodyHandlers.ofString()).body().lines())
            .anyMatch(
                line ->
                    line.startsWith("fenceline_fence_wait_seconds_bucket")
                        && line.contains("trace_id=\""));
      }
    }
  }

  private static void invalidateWhatTheCpuHolds(int port) {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("localhost", port).usePlaintext().build();
    try {
      var spaces =
          AddressSpaceServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
      long space = spaces.createSpace(CreateSpaceRequest.getDefaultInstance()).getSpaceId();
      long address =
          spaces
              .map(
                  MapRequest.newBuilder()
                      .setSpaceId(space)
                      .setLength(4096)
                      .setProtection(Protection.newBuilder().setRead(true).setWrite(true))
                      .build())
              .getAddress();
      spaces.write(
          WriteRequest.newBuilder()
              .setSpaceId(space)
              .setAddress(address)
              .setData(com.google.protobuf.ByteString.copyFrom(new byte[8]))
              .build());
      spaces.unmap(
          UnmapRequest.newBuilder().setSpaceId(space).setAddress(address).setLength(4096).build());
    } finally {
      channel.shutdownNow();
    }
  }

  @Test
  void contradictoryConfiguration_isRefusedAtStart_withTheValue() {
    assertThatThrownBy(() -> run("--fenceline.host.lease.overdue=0ms").close())
        .rootCause()
        .hasMessageContaining("overdue time of a fence of 0: must be positive");
    assertThatThrownBy(() -> run("--fenceline.host.thrashing.forget-lapses=299").close())
        .hasRootCauseInstanceOf(IllegalArgumentException.class)
        .rootCause()
        .hasMessageContaining("forget 299 lapses");
    assertThatThrownBy(() -> run("--fenceline.host.lease.drift-ppm=500000").close())
        .rootCause()
        .hasMessageContaining("clock drift of 500000");
    assertThatThrownBy(() -> run("--fenceline.host.arena=4KB").close())
        .rootCause()
        .hasMessageContaining("an arena of 4096 bytes");
  }

  private static ConfigurableApplicationContext run(String... more) {
    String[] arguments = {
      "--server.port=0", "--spring.grpc.server.port=0", "--fenceline.host.host-id=host-test"
    };
    String[] all = java.util.Arrays.copyOf(arguments, arguments.length + more.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    return new SpringApplicationBuilder(HostApplication.class).logStartupInfo(false).run(all);
  }

  private static void useOverGrpc(int port) {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("localhost", port).usePlaintext().build();
    try {
      var spaces =
          AddressSpaceServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
      long space = spaces.createSpace(CreateSpaceRequest.getDefaultInstance()).getSpaceId();
      spaces.map(
          MapRequest.newBuilder()
              .setSpaceId(space)
              .setLength(8192)
              .setProtection(Protection.newBuilder().setRead(true))
              .build());
      var host =
          HostQueryServiceGrpc.newBlockingStub(channel)
              .withDeadlineAfter(60, TimeUnit.SECONDS)
              .getHost(GetHostRequest.getDefaultInstance());
      assertThat(host.getSpaceCount()).isEqualTo(1);
      assertThat(host.getTotalFrames()).isEqualTo(255);
      assertThat(host.getHostEpoch()).isGreaterThan(1_700_000_000_000L);
    } finally {
      channel.shutdownNow();
    }
  }

  private static int port(ConfigurableApplicationContext context, String property) {
    return Integer.parseInt(context.getEnvironment().getRequiredProperty(property));
  }

  private static String get(int port, String path) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client
          .send(
              HttpRequest.newBuilder(URI.create("http://localhost:" + port + path)).build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    }
  }

  private static void await(String what, BooleanSupplier condition) {
    long began = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - began > TimeUnit.SECONDS.toNanos(60)) {
        throw new AssertionError("not within 60 s: " + what);
      }
      LockSupport.parkNanos(1_000_000);
    }
  }
}
