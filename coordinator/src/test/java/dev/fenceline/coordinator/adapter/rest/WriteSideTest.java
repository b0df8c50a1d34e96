package dev.fenceline.coordinator.adapter.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.coordinator.support.FakeSpaceCommands;
import dev.fenceline.coordinator.support.Installation;
import dev.fenceline.coordinator.support.RunningCoordinator;
import dev.fenceline.coordinator.support.RunningCoordinator.Answer;
import dev.fenceline.space.v1.InvalidateRequest;
import dev.fenceline.space.v1.MapRequest;
import dev.fenceline.space.v1.SetOomScoreAdjustRequest;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class WriteSideTest {
  private static final String OPERATIONS = "/address-spaces/host-1.1/operations";
  private static final String INVALIDATE =
      "{\"type\":\"invalidate\",\"address\":\"0x7f0000000000\",\"length\":4096}";

  private static RunningCoordinator coordinator;
  private static Installation installation;
  private static FakeSpaceCommands commands;

  @BeforeAll
  static void start() throws IOException {
    coordinator = RunningCoordinator.start();
    installation = new Installation(coordinator.grpcPort());
    commands = installation.host1.commands;
    coordinator.ready();
    coordinator.await("/hosts", answer -> answer.body().path("items").size() == 2);
    coordinator.await("/agents", answer -> answer.body().path("items").size() == 2);
  }

  @AfterAll
  static void stop() {
    installation.close();
    coordinator.close();
  }

  @Test
  void operation_isCarriedOutAndTold() {
    Answer answer =
        coordinator.write(
            "POST",
            OPERATIONS,
            """
            {"type":"map","length":8192,"protection":"rw-","placement":"fixed",
             "address":"0x10000","wait":{"mode":"deadline","deadlineMillis":50}}\
            """);
    assertThat(answer.status()).as(answer.response().body()).isEqualTo(200);
    assertThat(answer.body().path("outcome").asString()).isEqualTo("done");
    assertThat(answer.body().path("fenceId").asString()).isEqualTo("host-1.43");
    MapRequest received =
        commands.received.stream()
            .filter(MapRequest.class::isInstance)
            .map(MapRequest.class::cast)
            .reduce((earlier, latest) -> latest)
            .orElseThrow();
    assertThat(received.getAddress()).isEqualTo(0x10000);
    assertThat(received.getWait().getDeadlineNanos()).isEqualTo(50_000_000);
    JsonNode events =
        coordinator
            .await(
                "/events?kind=operator-action",
                each -> each.response().body().contains("map of 8192 bytes"))
            .body();
    assertThat(events.at("/items/0/actor").asString()).isEqualTo("anybody");
  }

  @Test
  void hugetlb_isTheHostsToJudge_andOfMappingsAlone() {
    String map = "{\"type\":\"map\",\"length\":2097152,\"protection\":\"rw-\",\"hugetlb\":true}";
    assertThat(coordinator.write("POST", OPERATIONS, map).status()).isEqualTo(200);
    assertThat(commands.received.getLast())
        .isInstanceOfSatisfying(
            MapRequest.class, request -> assertThat(request.getHugetlb()).isTrue());
    assertNamed(OPERATIONS, map.replace("true", "\"yes\""), "hugetlb");
    assertNamed(OPERATIONS, INVALIDATE.replace("}", ",\"hugetlb\":true}"), "hugetlb");
  }

  @Test
  void refusalOfTheHost_isAProblemWithItsErrno() {
    Answer answer =
        coordinator.write(
            "POST",
            OPERATIONS,
            "{\"type\":\"unmap\",\"address\":\"0x700000000000\",\"length\":4096}");
    assertThat(answer.status()).isEqualTo(409);
    assertThat(answer.problem()).isEqualTo("request-refused");
    assertThat(answer.body().path("errno").asString()).isEqualTo("EEXIST");
  }

  @Test
  void membersOfAnotherForm_areNamed() {
    assertNamed(OPERATIONS, "{\"type\":\"unmap\",\"length\":4096}", "address");
    assertNamed(OPERATIONS, "{\"type\":\"unmapp\",\"length\":4096}", "type");
    assertNamed(OPERATIONS, "{}", "type");
    assertNamed(OPERATIONS, INVALIDATE.replace("4096", "0"), "length");
    assertNamed(OPERATIONS, INVALIDATE.replace("4096", "\"4096\""), "length");
    assertNamed(OPERATIONS, INVALIDATE.replace("4096", "1e300"), "length");
    assertNamed(OPERATIONS, INVALIDATE.replace("4096", "4096.5"), "length");
    assertNamed(OPERATIONS, INVALIDATE.replace("\"0x7f0000000000\"", "4096"), "address");
    assertNamed(OPERATIONS, INVALIDATE.replace("}", ",\"advice\":\"normal\"}"), "advice");
    assertNamed(OPERATIONS, INVALIDATE.replace("}", ",\"lenght\":1}"), "lenght");
    assertNamed(OPERATIONS, INVALIDATE.replace("}", ",\"length\":1}"), "body");
    assertNamed(OPERATIONS, INVALIDATE.replace("}", ",\"wait\":{\"mode\":\"soon\"}}"), "wait.mode");
    assertNamed(
        OPERATIONS,
        INVALIDATE.replace("}", ",\"wait\":{\"mode\":\"deadline\"}}"),
        "wait.deadlineMillis");
    assertNamed(OPERATIONS, "[]", "body");
    assertNamed(OPERATIONS, "nonsense", "body");
    assertNamed(OPERATIONS, "", "body");
    assertNamed("/address-spaces", "{\"name\":\"x\"}", "hostId");
    assertNamed("/programs", "{\"device\":\"agent-1/0\",\"kind\":\"fill\"}", "space");
    assertNamed(
        "/programs",
        "{\"device\":\"agent-1/0\",\"space\":\"host-1.1\",\"kind\":\"pointer-chase\","
            + "\"start\":\"0x0\",\"hops\":0}",
        "hops");
  }

  @Test
  void bodyOfAnotherKindOrSize_isRefused() {
    Answer text = coordinator.write("POST", OPERATIONS, "x", "Content-Type", "text/plain");
    assertThat(text.status()).isEqualTo(415);
    assertThat(text.problem()).isEqualTo("unsupported-media-type");
    Answer huge =
        coordinator.write("POST", OPERATIONS, "{\"type\":\"" + "x".repeat(70_000) + "\"}");
    assertThat(huge.status()).isEqualTo(413);
    assertThat(huge.problem()).isEqualTo("body-too-large");
  }

  @Test
  void repeatedKey_isCarriedOutOnce() {
    Answer first = coordinator.write("POST", OPERATIONS, INVALIDATE, "Idempotency-Key", "once");
    long sent = invalidations();
    Answer again = coordinator.write("POST", OPERATIONS, INVALIDATE, "Idempotency-Key", "once");
    assertThat(again.status()).isEqualTo(200);
    assertThat(again.response().body()).isEqualTo(first.response().body());
    assertThat(again.response().headers().firstValue("Idempotent-Replayed")).contains("true");
    assertThat(invalidations()).isEqualTo(sent);
    Answer other =
        coordinator.write(
            "POST", OPERATIONS, INVALIDATE.replace("4096", "8192"), "Idempotency-Key", "once");
    assertThat(other.status()).isEqualTo(422);
    assertThat(other.problem()).isEqualTo("idempotency-conflict");
  }

  @Test
  void sameKeyAtTheSameTime_waitsForTheFirst() throws Exception {
    commands.gate = new CountDownLatch(1);
    try {
      long before = commands.received.size();
      CompletableFuture<Answer> first = CompletableFuture.supplyAsync(this::heldUp);
      while (commands.received.size() == before) {
        LockSupport.parkNanos(1_000_000);
      }
      CompletableFuture<Answer> second = CompletableFuture.supplyAsync(this::heldUp);
      commands.gate.countDown();
      assertThat(first.get(60, TimeUnit.SECONDS).status()).isEqualTo(200);
      assertThat(second.get(60, TimeUnit.SECONDS).status()).isEqualTo(200);
      assertThat(commands.received.size()).isEqualTo(before + 1);
    } finally {
      commands.gate = null;
    }
  }

  private Answer heldUp() {
    return coordinator.write(
        "POST", OPERATIONS, INVALIDATE.replace("4096", "12288"), "Idempotency-Key", "held up");
  }

  @Test
  void spaces_areCreatedSetAndDestroyed() {
    Answer created =
        coordinator.write("POST", "/address-spaces", "{\"hostId\":\"host-1\",\"name\":\"new\"}");
    assertThat(created.status()).as(created.response().body()).isEqualTo(201);
    assertThat(created.response().headers().firstValue("Location"))
        .contains("/api/v1/address-spaces/host-1.1");
    Answer set =
        coordinator.write(
            "PUT", "/address-spaces/host-1.1/policy", "{\"notificationMode\":\"sequential\"}");
    assertThat(set.body().path("notificationMode").asString()).isEqualTo("sequential");
    assertThat(coordinator.send("DELETE", "/api/v1/address-spaces/host-1.5").status())
        .isEqualTo(200);
  }

  @Test
  void oomScoreAdjust_isSetLater() {
    String policy = "/address-spaces/host-1.1/policy";
    Answer set =
        coordinator.write(
            "PUT", policy, "{\"notificationMode\":\"split\",\"oomScoreAdjust\":-1000}");
    assertThat(set.status()).as(set.response().body()).isEqualTo(200);
    assertThat(set.body().path("oomScoreAdjust").asInt()).isEqualTo(-1000);
    assertThat(adjustments().getLast())
        .isEqualTo(
            SetOomScoreAdjustRequest.newBuilder().setSpaceId(1).setOomScoreAdjust(-1000).build());

    int sent = adjustments().size();
    for (String wrong : List.of("-1001", "1001", "3000000000", "1.5", "\"7\"")) {
      Answer refused =
          coordinator.write(
              "PUT", policy, "{\"notificationMode\":\"split\",\"oomScoreAdjust\":" + wrong + "}");
      assertThat(refused.status()).as(wrong).isEqualTo(400);
      assertThat(refused.problem()).as(wrong).isEqualTo("invalid-parameter");
      assertThat(refused.body().path("parameter").asString()).isEqualTo("oomScoreAdjust");
    }
    assertThat(coordinator.write("PUT", policy, "{\"notificationMode\":\"split\"}").status())
        .as("it is left as it was")
        .isEqualTo(200);
    Answer unknown =
        coordinator.write(
            "PUT",
            "/address-spaces/host-1.6/policy",
            "{\"notificationMode\":\"split\",\"oomScoreAdjust\":5}");
    assertThat(unknown.status()).isEqualTo(404);
    assertThat(unknown.problem()).isEqualTo("unknown-address-space");
    assertThat(adjustments()).hasSize(sent);
  }

  private List<SetOomScoreAdjustRequest> adjustments() {
    return commands.received.stream()
        .filter(SetOomScoreAdjustRequest.class::isInstance)
        .map(SetOomScoreAdjustRequest.class::cast)
        .toList();
  }

  @Test
  void hostPolicy_isReplacedAsAWhole() {
    JsonNode before = coordinator.get("/hosts/host-1/policy").body();
    assertThat(before.path("quarantineStrikes").asLong()).isEqualTo(3);
    String body =
        """
        {"quarantineStrikes":5,"quarantineWindowSeconds":10.5,"quarantineHoldSeconds":1,
         "quarantineGreatestHoldSeconds":8,"defaultNotificationMode":"sequential"}\
        """;
    Answer set = coordinator.write("PUT", "/hosts/host-1/policy", body);
    assertThat(set.body().path("quarantineWindowSeconds").asDouble()).isEqualTo(10.5);
    Answer less = coordinator.write("PUT", "/hosts/host-1/policy", body.replace(":8,", ":0.5,"));
    assertThat(less.body().path("parameter").asString()).isEqualTo("quarantineGreatestHoldSeconds");
  }

  @Test
  void agents_areQuarantinedReturnedAndDrained() {
    Answer quarantined =
        coordinator.write(
            "POST", "/agents/agent-1/quarantine", "{\"reason\":\"slow\",\"holdSeconds\":60}");
    assertThat(quarantined.body().at("/standings/0/state").asString()).isEqualTo("quarantined");
    assertThat(quarantined.body().path("standings")).hasSize(2);
    assertThat(coordinator.get("/agents/agent-1").body().at("/standings/0/reason").asString())
        .isEqualTo("slow");
    Answer returned = coordinator.send("POST", "/api/v1/agents/agent-1/return");
    assertThat(returned.body().at("/standings/0/state").asString()).isEqualTo("healthy");
    assertThat(returned.body().at("/devices/0/state").asString()).isEqualTo("active");
    Answer drained =
        coordinator.write("POST", "/devices/agent-1/1/drain", "{\"deadlineSeconds\":5}");
    assertThat(drained.status()).isEqualTo(202);
    assertThat(drained.body().at("/devices/1/device").asString()).isEqualTo("agent-1/1");
    assertThat(coordinator.send("POST", "/api/v1/agents/agent-1/drain").status()).isEqualTo(202);
  }

  @Test
  void returnOfAnAgentThatDoesNotAnswer_isWhatTheHostsDid() {
    Answer returned = coordinator.send("POST", "/api/v1/agents/agent-2/return");
    assertThat(returned.status()).as(returned.response().body()).isEqualTo(200);
    assertThat(returned.body().path("standings")).hasSize(2);
    assertThat(returned.body().at("/unavailableAgent/id").asString()).isEqualTo("agent-2");
    audited("returned agent agent-2: done, but not at agent agent-2");
  }

  @Test
  void whatBackedOff_isNotAuditedAsDone() {
    String busy = INVALIDATE.replace("0x7f0000000000", "0x710000000000");
    Answer answer = coordinator.write("POST", OPERATIONS, busy);
    assertThat(answer.body().path("outcome").asString()).isEqualTo("backed-off");
    audited("0x710000000000 in host-1.1: backed off, nothing has changed");
    coordinator.write("POST", "/devices/agent-1/0/drain", "{}");
    audited("drained device agent-1/0: begun");
  }

  private static void audited(String words) {
    coordinator.await(
        "/events?kind=operator-action&limit=100", each -> each.response().body().contains(words));
  }

  @Test
  void traceOfTheCaller_reachesTheHost() {
    String trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    coordinator.write("POST", OPERATIONS, INVALIDATE, "traceparent", trace);
    assertThat(installation.host1.traces.seen()).contains("Invalidate " + trace);
    coordinator.write("POST", OPERATIONS, INVALIDATE, "traceparent", "nonsense");
    assertThat(installation.host1.traces.seen()).noneMatch(each -> each.contains("nonsense"));
  }

  @Test
  void programs_areSubmittedAndCancelled() {
    Answer submitted =
        coordinator.write(
            "POST",
            "/programs",
            """
            {"device":"agent-1/0","space":"host-1.1","kind":"checksum",
             "address":"0x7f0000000000","length":4096,"deadlineSeconds":5}\
            """);
    assertThat(submitted.status()).as(submitted.response().body()).isEqualTo(202);
    String id = submitted.body().path("id").asString();
    assertThat(submitted.response().headers().firstValue("Location"))
        .contains("/api/v1/programs/" + id);
    Answer cancelled = coordinator.send("DELETE", "/api/v1/programs/" + id);
    assertThat(cancelled.body().path("state").asString()).isEqualTo("cancelled");
  }

  @Test
  void exclusiveProgram_isSubmittedAsSuch() {
    for (boolean exclusive : new boolean[] {true, false}) {
      Answer submitted =
          coordinator.write(
              "POST",
              "/programs",
              """
              {"device":"agent-1/0","space":"host-1.1","kind":"atomic-add","exclusive":%s,
               "address":"0x7f0000000000","times":3,"operand":"1"}\
              """
                  .formatted(exclusive));
      assertThat(submitted.status()).as(submitted.response().body()).isEqualTo(202);
      assertThat(installation.agent1.submitted.getLast().getExclusive()).isEqualTo(exclusive);
    }
  }

  @Test
  void pin_isTakenBack() {
    Answer answer = coordinator.send("DELETE", "/api/v1/pins/host-1.3");
    assertThat(answer.body().path("unpinnedPages").asLong()).isEqualTo(4);
  }

  private static long invalidations() {
    return commands.received.stream().filter(InvalidateRequest.class::isInstance).count();
  }

  private static void assertNamed(String path, String body, String parameter) {
    Answer answer = coordinator.write("POST", path, body);
    assertThat(answer.status()).as(body).isEqualTo(400);
    assertThat(answer.problem()).as(body).isEqualTo("invalid-parameter");
    assertThat(answer.body().path("parameter").asString()).as(body).isEqualTo(parameter);
  }
}
