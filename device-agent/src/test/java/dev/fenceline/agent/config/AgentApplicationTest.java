package dev.fenceline.agent.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.agent.fake.FakeCoordinator;
import dev.fenceline.agent.fake.FakeHost;
import dev.fenceline.agent.runtime.AgentRuntime;
import dev.fenceline.agent.runtime.program.Program;
import dev.fenceline.agent.runtime.program.ProgramReport;
import dev.fenceline.common.v1.Errno;
import dev.fenceline.common.v1.ErrorDetail;
import dev.fenceline.common.v1.Interval;
import dev.fenceline.device.v1.AgentInfo;
import dev.fenceline.device.v1.CloseMirrorRequest;
import dev.fenceline.device.v1.Delays;
import dev.fenceline.device.v1.DeviceServiceGrpc;
import dev.fenceline.device.v1.Fill;
import dev.fenceline.device.v1.GetAgentRequest;
import dev.fenceline.device.v1.OpenMirrorRequest;
import dev.fenceline.device.v1.ProgramResult;
import dev.fenceline.device.v1.RunProgramRequest;
import dev.fenceline.device.v1.SetDelaysRequest;
import dev.fenceline.device.v1.SnapshotReply;
import dev.fenceline.device.v1.SnapshotRequest;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

class AgentApplicationTest {
  private static FakeHost host;
  private static FakeCoordinator coordinator;
  private static ConfigurableApplicationContext context;
  private static ManagedChannel channel;
  private static DeviceServiceGrpc.DeviceServiceBlockingStub devices;

  @BeforeAll
  static void start() throws Exception {
    host = new FakeHost();
    coordinator = new FakeCoordinator(host.target());
    context =
        run(
            "--fenceline.agent.agent-id=a-1",
            "--fenceline.agent.device-count=2",
            "--fenceline.agent.coordinators=" + coordinator.target());
    channel =
        NettyChannelBuilder.forTarget(
                "localhost:" + context.getEnvironment().getProperty("local.grpc.server.port"))
            .usePlaintext()
            .build();
    devices = DeviceServiceGrpc.newBlockingStub(channel);
    coordinator.awaitAttachedReport();
  }

  @AfterAll
  static void stop() {
    channel.shutdownNow();
    context.close();
    // What the agent said last may still be on its way in their threads.
    await("the host hears that the agent leaves", host::hasLeft);
    await("the coordinator hears that the agent leaves", coordinator::hasLeft);
    host.close();
    coordinator.close();
  }

  private static ConfigurableApplicationContext run(String... arguments) {
    String[] all = java.util.Arrays.copyOf(arguments, arguments.length + 2);
    all[arguments.length] = "--server.port=0";
    all[arguments.length + 1] = "--spring.grpc.server.port=0";
    return new SpringApplicationBuilder(AgentApplication.class).run(all);
  }

  private static void await(String what, BooleanSupplier condition) {
    long began = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - began > TimeUnit.SECONDS.toNanos(30)) {
        throw new AssertionError("not within 30 s: " + what);
      }
      LockSupport.parkNanos(1_000_000);
    }
  }

  private static ProgramResult fill(long address) {
    return devices.runProgram(
        RunProgramRequest.newBuilder()
            .setSpaceId(FakeHost.SPACE)
            .setFill(Fill.newBuilder().setAddress(address).setLength(64).setWord(7))
            .build());
  }

  @Test
  void hostOfTheCoordinator_isAttachedToAndNamed() {
    AgentInfo info = devices.getAgent(GetAgentRequest.getDefaultInstance());

    assertThat(info.getAgentId()).isEqualTo("a-1");
    assertThat(info.getDevicesCount()).isEqualTo(2);
    assertThat(info.getHosts(0).getHostId()).isEqualTo("fake");
    assertThat(info.getHosts(0).getState()).isEqualTo("attached");
    assertThat(info.getHosts(0).getLeaseLeftNanos()).isPositive();
  }

  @Test
  void program_runsOnTheHostsMemory() {
    ProgramResult result = fill(0x20000);

    assertThat(result.getErrno()).isEqualTo(Errno.ERRNO_UNSPECIFIED);
    assertThat(host.memory().word(0x20000)).isEqualTo(7);
  }

  @Test
  void programOnUnmappedMemory_answersWithTypeAndAddress() {
    ProgramResult result = fill(1L << 40);

    assertThat(result.getErrno()).isEqualTo(Errno.ERRNO_EFAULT);
    assertThat(result.getFaultAddress()).isEqualTo(1L << 40);
  }

  @Test
  void mirrors_areOpenedAndClosed() {
    int id =
        devices
            .openMirror(
                OpenMirrorRequest.newBuilder()
                    .setDeviceIndex(1)
                    .setSpaceId(FakeHost.SPACE)
                    .setInterval(Interval.newBuilder().setStart(0).setEnd(1 << 20))
                    .build())
            .getMirrorId();
    CloseMirrorRequest close =
        CloseMirrorRequest.newBuilder().setDeviceIndex(1).setMirrorId(id).build();

    devices.closeMirror(close);

    assertRefused(() -> devices.closeMirror(close), Status.Code.NOT_FOUND, Errno.ERRNO_ENOENT);
  }

  @Test
  void malformedRequests_areRefusedWithStatusAndDetail() {
    assertRefused(
        () ->
            devices.openMirror(
                OpenMirrorRequest.newBuilder()
                    .setInterval(Interval.newBuilder().setStart(1).setEnd(2))
                    .build()),
        Status.Code.INVALID_ARGUMENT,
        Errno.ERRNO_EINVAL);
    assertRefused(
        () -> devices.runProgram(RunProgramRequest.getDefaultInstance()),
        Status.Code.INVALID_ARGUMENT,
        Errno.ERRNO_EINVAL);
    assertRefused(
        () ->
            devices.setDelays(
                SetDelaysRequest.newBuilder()
                    .setDelays(Delays.newBuilder().setDrainNanos(1L << 62))
                    .build()),
        Status.Code.INVALID_ARGUMENT,
        Errno.ERRNO_EINVAL);
    assertRefused(
        () -> devices.setDelays(SetDelaysRequest.newBuilder().setDeviceIndex(9).build()),
        Status.Code.NOT_FOUND,
        Errno.ERRNO_ENOENT);
    assertRefused(
        () ->
            devices.runProgram(
                RunProgramRequest.newBuilder()
                    .setHostId("nobody")
                    .setFill(Fill.getDefaultInstance())
                    .build()),
        Status.Code.NOT_FOUND,
        Errno.ERRNO_ENOENT);
  }

  private static void assertRefused(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, Status.Code code, Errno errno) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            refusal -> {
              assertThat(refusal.getStatus().getCode()).isEqualTo(code);
              assertThat(detail(refusal).getErrno()).isEqualTo(errno);
            });
  }

  private static ErrorDetail detail(StatusRuntimeException refusal) {
    try {
      return ErrorDetail.parseFrom(
          refusal
              .getTrailers()
              .get(Metadata.Key.of("fenceline-error-bin", Metadata.BINARY_BYTE_MARSHALLER)));
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void delays_changeWhileItRuns() {
    devices.setDelays(
        SetDelaysRequest.newBuilder()
            .setDeviceIndex(1)
            .setDelays(Delays.newBuilder().setDmaNanos(5))
            .build());

    assertThat(
            devices
                .getAgent(GetAgentRequest.getDefaultInstance())
                .getDevices(1)
                .getDelays()
                .getDmaNanos())
        .isEqualTo(5);
  }

  @Test
  void snapshot_tellsOfEveryPage() {
    SnapshotReply reply =
        devices.snapshot(
            SnapshotRequest.newBuilder()
                .setSpaceId(FakeHost.SPACE)
                .setInterval(Interval.newBuilder().setStart(0).setEnd(700 * 4096))
                .build());

    assertThat(reply.getPagesCount()).isEqualTo(700);
  }

  @Test
  void probesAndMetrics_areServedOverHttp() throws Exception {
    fill(0x30000);
    host.invalidate(0x30000, 0x31000).get(60, TimeUnit.SECONDS);

    assertThat(get("/actuator/health/readiness").statusCode()).isEqualTo(200);
    String metrics = get("/actuator/prometheus").body();
    assertThat(metrics)
        .contains("fenceline_agent_ack_seconds_bucket{device=\"0\"")
        .contains("fenceline_agent_faults_total{device=\"0\"}")
        .contains("fenceline_agent_dma_seconds_count{device=\"0\"}")
        .contains("fenceline_agent_dma_bytes_total{device=\"0\",direction=\"write\"}")
        .contains("fenceline_agent_lease_margin_seconds{host=")
        .contains("fenceline_agent_link_collisions_total{host=")
        .contains("fenceline_agent_link_late_messages_total{host=")
        .contains("fenceline_agent_attached{host=")
        .contains("fenceline_agent_units{device=\"0\",name=\"a-1-0\"}")
        .contains("jvm_memory_used_bytes");
  }

  private static HttpResponse<String> get(String path) throws Exception {
    String port = context.getEnvironment().getProperty("local.server.port");
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(URI.create("http://localhost:" + port + path)).build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  @Test
  void missingAgentId_failsTheStartWithTheField() {
    assertThatThrownBy(() -> run().close()).hasStackTraceContaining("agentId");
  }

  @Test
  void malformedHost_failsTheStartWithTheRule() {
    assertThatThrownBy(
            () -> run("--fenceline.agent.agent-id=x", "--fenceline.agent.hosts=nohost").close())
        .hasStackTraceContaining("must be host:port");
  }

  @Test
  void deadCoordinator_doesNotKeepTheAgentFromItsConfiguredHosts() throws Exception {
    try (FakeHost named = new FakeHost("named");
        ConfigurableApplicationContext context =
            run(
                "--fenceline.agent.agent-id=x",
                "--fenceline.agent.hosts=" + named.target(),
                "--fenceline.agent.coordinators=127.0.0.1:1")) {
      AgentRuntime agent = context.getBean(AgentRuntime.class);
      Program fill = new Program.Fill(0x1000, 8, 3);

      ProgramReport report =
          agent
              .run(agent.links().getFirst(), agent.devices().getFirst(), FakeHost.SPACE, fill, 0)
              .get(60, TimeUnit.SECONDS);

      assertThat(report.failure()).isNull();
    }
  }

  @Test
  void noHostAtAll_isNotReadyButRuns() {
    try (ConfigurableApplicationContext lonely = run("--fenceline.agent.agent-id=lonely")) {
      assertThat(lonely.getBean(AgentRuntime.class).links()).isEmpty();
      assertThat(
              lonely
                  .getBean(
                      "attached", org.springframework.boot.health.contributor.HealthIndicator.class)
                  .health()
                  .getStatus()
                  .getCode())
          .isEqualTo("OUT_OF_SERVICE");
    }
  }
}
