package dev.fenceline.testbed.progress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fenceline.client.DeviceClient;
import dev.fenceline.client.HostClient;
import dev.fenceline.client.Mapping;
import dev.fenceline.client.OperationOutcome;
import dev.fenceline.client.ServiceChannel;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.common.v1.FenceResolution;
import dev.fenceline.common.v1.Interval;
import dev.fenceline.device.v1.Fill;
import dev.fenceline.device.v1.ProgramInfo;
import dev.fenceline.device.v1.RunProgramRequest;
import dev.fenceline.device.v1.SyncPoint;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import dev.fenceline.query.v1.InvalidationInfo;
import dev.fenceline.testbed.launch.Installation;
import dev.fenceline.testbed.launch.Interruption;
import dev.fenceline.testbed.launch.ServiceProcess;
import dev.fenceline.testbed.launch.Stack;
import dev.fenceline.testbed.launch.StackSpec;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The deadlock of seed 003 on real processes: the fence of device B waits for its program, which
 * waits for a program of device A, whose fault waits for that fence.
 */
@Tag("processes")
@Timeout(600)
class DeadlockTest {
  private static final Duration BOUND = Duration.ofSeconds(120);
  private static final long BASE = 0x2000_0000L;
  private static final long HALF = 16 * 4096L;
  private static final long ELSEWHERE = 0x4000_0000L;

  private static final List<ServiceChannel> CHANNELS = new ArrayList<>();
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private static Interruption interruption = Interruption.install(Duration.ZERO);
  private static Stack stack = startStack();
  private static HostClient host = new HostClient(channel(stack.host()), BOUND);
  private static DeviceClient a = new DeviceClient(channel(stack.agents().get(0)), BOUND);
  private static DeviceClient b = new DeviceClient(channel(stack.agents().get(1)), BOUND);

  private static Stack startStack() {
    Installation installation = Installation.current();
    assumeTrue(
        Files.exists(installation.root().resolve("coordinator/target/classpath.txt")),
        "the services are not packaged");
    try {
      Path run = Files.createTempDirectory("deadlock-").resolve("run");
      return Stack.start(installation, StackSpec.of(run, 2, 1), interruption);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @BeforeAll
  @Timeout(600)
  static void attached() throws Exception {
    for (DeviceClient agent : List.of(a, b)) {
      await(
          "an attached agent",
          () ->
              agent.agent().getHostsList().stream()
                  .anyMatch(link -> link.getState().equals("attached")));
    }
    await("the host over REST", () -> get("/hosts").path("items").size() == 1);
    quarantineNobody();
  }

  @AfterAll
  @Timeout(120)
  static void stop() {
    CHANNELS.forEach(ServiceChannel::close);
    HTTP.close();
    interruption.close();
  }

  @Test
  void breakerOn_replayableProgramIsPreempted_andEverybodyCompletes() throws Exception {
    breaker(true);
    Circle circle = new Circle("on", true);
    OperationOutcome outcome = circle.invalidation.get(BOUND.toSeconds(), TimeUnit.SECONDS);
    assertThat(outcome).isInstanceOf(OperationOutcome.Done.class);
    assertThat(circle.end(a, circle.awaited).getState()).isEqualTo(ProgramInfo.State.STATE_DONE);
    ProgramInfo preempted = circle.end(b, circle.holder);
    assertThat(preempted.getState()).isEqualTo(ProgramInfo.State.STATE_DONE);
    assertThat(preempted.getPreemptions()).isPositive();
    assertThat(circle.resolutionOfB()).isEqualTo(FenceResolution.FENCE_RESOLUTION_ACKED);
    await("the record", () -> deadlockEnded("broken", "preempt program agent-2"));
  }

  @Test
  void breakerOn_programThatMayNotRunTwice_invalidationBacksOff() throws Exception {
    breaker(true);
    Circle circle = new Circle("once", false);
    OperationOutcome outcome = circle.invalidation.get(BOUND.toSeconds(), TimeUnit.SECONDS);
    assertThat(outcome).isInstanceOf(OperationOutcome.BackedOff.class);
    assertThat(circle.end(a, circle.awaited).getState()).isEqualTo(ProgramInfo.State.STATE_DONE);
    assertThat(circle.end(b, circle.holder).getState()).isEqualTo(ProgramInfo.State.STATE_DONE);
    await("the record", () -> deadlockEnded("broken", "back invalidation"));
  }

  /** The lease of whoever owes the fence is the bound, and says so. */
  @Test
  void breakerOff_everybodyHangsUntilTheLeaseOfTheHolderEnds() throws Exception {
    breaker(false);
    Circle circle = new Circle("off", true);
    await("the circle over REST", () -> get("/graph").path("cycles").size() == 1);
    assertThat(get("/graph").path("cycles").get(0).path("remedy").asString())
        .contains("preempt program agent-2");
    OperationOutcome outcome = circle.invalidation.get(BOUND.toSeconds(), TimeUnit.SECONDS);
    assertThat(outcome).isInstanceOf(OperationOutcome.Done.class);
    // The agent's own clock ended its lease first and it attached again, or the host's did.
    assertThat(circle.resolutionOfB())
        .isIn(
            FenceResolution.FENCE_RESOLUTION_LEASE_EXPIRED,
            FenceResolution.FENCE_RESOLUTION_REATTACHED);
    assertThat(circle.end(a, circle.awaited).getState()).isEqualTo(ProgramInfo.State.STATE_DONE);
    await("the record", () -> deadlockEnded("gone", "preempt program agent-2"));
    await(
        "the holder's agent is back",
        () ->
            b.agent().getHostsList().stream().anyMatch(link -> link.getState().equals("attached")));
    circle.end(b, circle.holder); // in its new session
  }

  /** One run of the scenario, up to the moment in which the circle closes. */
  private static final class Circle {
    final SpaceClient space;
    final long awaited;
    final long holder;
    final CompletableFuture<OperationOutcome> invalidation;

    Circle(String name, boolean replayable) throws Exception {
      space = host.createSpace(name, NotificationMode.SPLIT);
      space.map(Mapping.at(BASE, 2 * HALF, Protection.READ_WRITE), WaitPolicy.BLOCK);
      space.map(Mapping.at(ELSEWHERE, HALF, Protection.READ_WRITE), WaitPolicy.BLOCK);
      awaited =
          a.submit(
                  fill(BASE + HALF)
                      .addWaitsFor(SyncPoint.newBuilder().setName("go-" + name))
                      .setSignals("a-" + name)
                      .build())
              .getProgramNumber();
      holder =
          b.submit(
                  fill(BASE)
                      .setHolds(Interval.newBuilder().setStart(BASE).setEnd(BASE + HALF))
                      .setHoldsForWriting(true)
                      .setReplayable(replayable)
                      .addWaitsFor(
                          SyncPoint.newBuilder()
                              .setAgentId("agent-1")
                              .setTarget(stack.agents().get(0).grpcAddress())
                              .setName("a-" + name))
                      .build())
              .getProgramNumber();
      await("the held pages", () -> b.program(holder).getWaitsForCount() == 1);
      invalidation =
          CompletableFuture.supplyAsync(() -> space.invalidate(BASE, 2 * HALF, WaitPolicy.BLOCK));
      await("the fence", () -> invalidation().getState() == InvalidationInfo.State.STATE_WAITING);
      a.submit(fill(ELSEWHERE).setSignals("go-" + name).build());
    }

    private RunProgramRequest.Builder fill(long address) {
      return RunProgramRequest.newBuilder()
          .setSpaceId(space.id())
          .setFill(Fill.newBuilder().setAddress(address).setLength(HALF).setWord(7));
    }

    InvalidationInfo invalidation() {
      return host.newestInvalidations().stream()
          .filter(each -> each.getSpaceId() == space.id())
          .findFirst()
          .orElse(InvalidationInfo.getDefaultInstance());
    }

    FenceResolution resolutionOfB() {
      return invalidation().getFencesList().stream()
          .filter(fence -> fence.getDevice().getAgentId().equals("agent-2"))
          .findFirst()
          .orElseThrow()
          .getResolution();
    }

    ProgramInfo end(DeviceClient agent, long number) throws Exception {
      return agent.follow(number, BOUND);
    }
  }

  private static ServiceChannel channel(ServiceProcess service) {
    ServiceChannel channel = ServiceChannel.to(service.grpcAddress());
    CHANNELS.add(channel);
    return channel;
  }

  private static boolean deadlockEnded(String state, String remedy) throws Exception {
    JsonNode newest = get("/deadlocks").path("items").path(0);
    return newest.path("state").asString("").equals(state)
        && newest.path("remedy").asString("").contains(remedy);
  }

  private static void breaker(boolean enabled) throws Exception {
    put("/deadlocks/breaker", "{\"enabled\":" + enabled + "}");
  }

  /** Each circle may cost the holder a strike: the third test would find it quarantined. */
  private static void quarantineNobody() throws Exception {
    String host = get("/hosts").path("items").get(0).path("id").asString();
    put(
        "/hosts/" + host + "/policy",
        """
        {"quarantineStrikes": 0, "quarantineWindowSeconds": 60, "quarantineHoldSeconds": 30,
         "quarantineGreatestHoldSeconds": 1800, "defaultNotificationMode": "split"}
        """);
  }

  private static void put(String path, String body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(stack.restAddress() + "/api/v1" + path))
            .header("Content-Type", "application/json")
            .PUT(HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
  }

  private static JsonNode get(String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(stack.restAddress() + "/api/v1" + path)).build();
    HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    return JsonMapper.builder().build().readTree(answer.body());
  }

  private static void await(String what, Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + BOUND.toNanos();
    while (!condition.call()) {
      assertThat(System.nanoTime() - deadline).as("waited too long for " + what).isNegative();
      Thread.sleep(20);
    }
  }
}
