package dev.fenceline.agent.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fenceline.agent.fake.FakeHost;
import dev.fenceline.control.v1.AgentControlServiceGrpc;
import dev.fenceline.control.v1.DeviceStanding;
import dev.fenceline.control.v1.DrainReply;
import dev.fenceline.control.v1.DrainRequest;
import dev.fenceline.control.v1.ReturnRequest;
import dev.fenceline.device.v1.CancelProgramRequest;
import dev.fenceline.device.v1.DeviceServiceGrpc;
import dev.fenceline.device.v1.Fill;
import dev.fenceline.device.v1.GetAgentRequest;
import dev.fenceline.device.v1.GetProgramRequest;
import dev.fenceline.device.v1.ListProgramsReply;
import dev.fenceline.device.v1.ListProgramsRequest;
import dev.fenceline.device.v1.PointerChase;
import dev.fenceline.device.v1.ProgramInfo;
import dev.fenceline.device.v1.RunProgramRequest;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** Programs as resources, drain and return, as callers see them. */
class ProgramsOverGrpcTest {
  private static final long BASE = 0x10000;

  private static FakeHost host;
  private static ConfigurableApplicationContext context;
  private static ManagedChannel channel;
  private static DeviceServiceGrpc.DeviceServiceBlockingStub devices;
  private static AgentControlServiceGrpc.AgentControlServiceBlockingStub control;

  @BeforeAll
  static void start() throws Exception {
    host = new FakeHost();
    host.memory().setWord(BASE, BASE);
    context =
        new SpringApplicationBuilder(AgentApplication.class)
            .run(
                "--fenceline.agent.agent-id=a-2",
                "--fenceline.agent.device-count=2",
                "--fenceline.agent.hosts=" + host.target(),
                "--server.port=0",
                "--spring.grpc.server.port=0");
    channel =
        NettyChannelBuilder.forTarget(
                "localhost:" + context.getEnvironment().getProperty("local.grpc.server.port"))
            .usePlaintext()
            .build();
    devices = DeviceServiceGrpc.newBlockingStub(channel);
    control = AgentControlServiceGrpc.newBlockingStub(channel);
    await("attached", ProgramsOverGrpcTest::attached);
  }

  @AfterAll
  static void stop() {
    channel.shutdownNow();
    context.close();
    host.close();
  }

  @Test
  void programs_areSubmittedListedAndCancelled() {
    ProgramInfo chase = devices.submitProgram(chase(0));
    assertThat(chase.getKind()).isEqualTo("pointer-chase");
    assertThat(chase.getOperationsTotal()).isEqualTo(10_000_000);
    ProgramInfo fill = devices.submitProgram(fill(1));
    await("the fill", () -> get(fill).getState() == ProgramInfo.State.STATE_DONE);
    assertThat(get(fill).hasResult()).isTrue();
    assertThat(get(fill).getHostId()).isEqualTo("fake");

    List<Long> pending = new ArrayList<>();
    list(ListProgramsRequest.newBuilder().setPendingOnly(true).setDeviceIndex(0))
        .getProgramsList()
        .forEach(program -> pending.add(program.getProgramNumber()));
    assertThat(pending).containsExactly(chase.getProgramNumber());
    ListProgramsReply page = list(ListProgramsRequest.newBuilder().setPageSize(1));
    assertThat(page.getMore()).isTrue();
    assertThat(page.getPrograms(0).getProgramNumber()).isEqualTo(fill.getProgramNumber());
    assertThat(
            list(ListProgramsRequest.newBuilder().setBeforeProgramNumber(fill.getProgramNumber()))
                .getPrograms(0)
                .getProgramNumber())
        .isEqualTo(chase.getProgramNumber());

    devices.cancelProgram(
        CancelProgramRequest.newBuilder().setProgramNumber(chase.getProgramNumber()).build());
    await("the end", () -> get(chase).getState() == ProgramInfo.State.STATE_CANCELLED);
    assertThat(get(chase).getResult().getMessage()).contains("cancelled");
  }

  @Test
  void nonsense_isRefused() {
    refused(
        Status.Code.NOT_FOUND, () -> get(ProgramInfo.newBuilder().setProgramNumber(99).build()));
    refused(
        Status.Code.INVALID_ARGUMENT,
        () -> list(ListProgramsRequest.newBuilder().setPageSize(1001)));
    refused(Status.Code.NOT_FOUND, () -> list(ListProgramsRequest.newBuilder().setDeviceIndex(7)));
    refused(
        Status.Code.INVALID_ARGUMENT,
        () -> devices.submitProgram(RunProgramRequest.getDefaultInstance()));
    refused(
        Status.Code.NOT_FOUND,
        () -> control.drain(DrainRequest.newBuilder().addDeviceIndexes(9).build()));
    refused(
        Status.Code.INVALID_ARGUMENT,
        () -> control.drain(DrainRequest.newBuilder().setDeadlineNanos(-1).build()));
    refused(
        Status.Code.INVALID_ARGUMENT,
        () -> control.drain(DrainRequest.newBuilder().setReason("x".repeat(257)).build()));
  }

  @Test
  void drainedAgent_leavesItsHost_isNotReady_andReturns() throws Exception {
    assertThat(ready()).isEqualTo(200);
    DrainRequest drain = DrainRequest.newBuilder().setReason("upgrade").build();
    control.drain(drain);
    await(
        "drained",
        () ->
            control.drain(drain).getDevicesList().stream()
                .allMatch(device -> device.getState() == DeviceStanding.State.STATE_DRAINED));
    await("left", () -> !attached());
    await("not ready", () -> ready() == 503);
    refused(Status.Code.UNAVAILABLE, () -> devices.submitProgram(fill(0)));

    DrainReply returned = control.return_(ReturnRequest.getDefaultInstance());
    assertThat(returned.getDevicesList())
        .allMatch(device -> device.getState() == DeviceStanding.State.STATE_ACTIVE);
    await("attached", ProgramsOverGrpcTest::attached);
    await("ready", () -> ready() == 200);
    ProgramInfo fill = devices.submitProgram(fill(0));
    await("the fill", () -> get(fill).getState() == ProgramInfo.State.STATE_DONE);
  }

  private static int ready() {
    try (HttpClient client = HttpClient.newHttpClient()) {
      String port = context.getEnvironment().getProperty("local.server.port");
      return client
          .send(
              HttpRequest.newBuilder(
                      URI.create("http://localhost:" + port + "/actuator/health/readiness"))
                  .build(),
              HttpResponse.BodyHandlers.discarding())
          .statusCode();
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private static boolean attached() {
    return devices
        .getAgent(GetAgentRequest.getDefaultInstance())
        .getHosts(0)
        .getState()
        .equals("attached");
  }

  private static ProgramInfo get(ProgramInfo program) {
    return devices.getProgram(
        GetProgramRequest.newBuilder().setProgramNumber(program.getProgramNumber()).build());
  }

  private static ListProgramsReply list(ListProgramsRequest.Builder request) {
    return devices.listPrograms(request.build());
  }

  private static RunProgramRequest fill(int device) {
    return RunProgramRequest.newBuilder()
        .setDeviceIndex(device)
        .setSpaceId(FakeHost.SPACE)
        .setFill(Fill.newBuilder().setAddress(BASE + 4096).setLength(64).setWord(7))
        .build();
  }

  private static RunProgramRequest chase(int device) {
    return RunProgramRequest.newBuilder()
        .setDeviceIndex(device)
        .setSpaceId(FakeHost.SPACE)
        .setPointerChase(PointerChase.newBuilder().setStart(BASE).setHops(10_000_000))
        .build();
  }

  private static void refused(Status.Code code, Runnable call) {
    StatusRuntimeException refused = catchThrowableOfType(StatusRuntimeException.class, call::run);
    assertThat(refused.getStatus().getCode()).isEqualTo(code);
  }

  private static void await(String what, BooleanSupplier condition) {
    long began = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - began > TimeUnit.SECONDS.toNanos(60)) {
        throw new AssertionError("not within 60 s: " + what);
      }
      LockSupport.parkNanos(2_000_000);
    }
  }
}
