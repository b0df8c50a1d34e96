package dev.fenceline.coordinator.adapter.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.coordinator.support.Installation;
import dev.fenceline.coordinator.support.RunningCoordinator;
import dev.fenceline.coordinator.support.RunningCoordinator.Answer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ReadSideTest {
  private static RunningCoordinator coordinator;
  private static Installation installation;

  @BeforeAll
  static void start() throws IOException {
    coordinator = RunningCoordinator.start();
    installation = new Installation(coordinator.grpcPort());
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
  void status_countsNodes() {
    JsonNode body = coordinator.get("/status").body();
    assertThat(body.path("state").asString()).isEqualTo("ready");
    assertThat(body.path("counts").path("devices").asInt()).isEqualTo(3);
    assertThat(body.path("bootToken").asString()).matches("0x[0-9a-f]{16}");
  }

  @Test
  void hostsAskedTwice_sinceDoesNotMove() {
    String first = coordinator.get("/hosts/host-1").body().at("/host/node/registeredAt").asString();
    String again = coordinator.get("/hosts/host-1").body().at("/host/node/registeredAt").asString();
    assertThat(again).isEqualTo(first);
  }

  @Test
  void host_saysWhatItSaysItself() {
    JsonNode body = coordinator.get("/hosts/host-1").body();
    assertThat(body.at("/status/leaseTtlMillis").asDouble()).isEqualTo(1000.0);
    assertThat(body.at("/status/memory/swapSlotsUsed").asLong()).isEqualTo(5);
    assertThat(body.at("/status/memory/swappedOutCount").asLong()).isEqualTo(9);
    assertThat(body.at("/status/memory/pinnedFrames").asLong()).isEqualTo(2);
    assertThat(body.at("/sessions/0/state").asString()).isEqualTo("detached");
    assertThat(body.path("unavailable").isNull()).isTrue();
  }

  @Test
  void agentThatAnswers_hasCounters() {
    JsonNode body = coordinator.get("/agents/agent-1").body();
    assertThat(body.at("/devices/0/counters/faults").asLong()).isEqualTo(123);
    assertThat(body.at("/devices/0/counters/drainDelayMicros").asDouble()).isEqualTo(1500.0);
    assertThat(body.at("/devices/1/counters").isNull()).isTrue();
    assertThat(coordinator.get("/devices/agent-1/0").body().at("/device/name").asString())
        .isEqualTo("agent-1-gpu0");
  }

  @Test
  void agentThatDoesNotAnswer_isDescribedByItsReportsAndNamedUnavailable() {
    JsonNode body = coordinator.get("/agents/agent-2").body();
    assertThat(body.at("/agent/id").asString()).isEqualTo("agent-2");
    assertThat(body.at("/unavailable/id").asString()).isEqualTo("agent-2");
    assertThat(body.at("/unavailable/since").asString()).isNotEmpty();
  }

  @Test
  void devices_pageByPage_eachOnce() {
    assertThat(idsPaged("/devices?limit=1", "id"))
        .containsExactly("agent-1/0", "agent-1/1", "agent-2/0");
  }

  @Test
  void addressSpaces_pageByPageOverHosts_eachOnce() {
    assertThat(idsPaged("/address-spaces?limit=2", "id"))
        .containsExactly("host-1.1", "host-1.2", "host-1.3", "host-1.4", "host-1.5", "host-2.7");
    assertThat(idsPaged("/address-spaces?limit=5", "id")).hasSize(6);
    assertThat(idsPaged("/address-spaces?limit=6", "id")).hasSize(6);
    assertThat(idsPaged("/address-spaces?host=host-2", "id")).containsExactly("host-2.7");
  }

  @Test
  void addressSpace_isDescribed() {
    JsonNode body = coordinator.get("/address-spaces/host-1.1").body();
    assertThat(body.path("name").asString()).isEqualTo("python");
    assertThat(body.path("notificationMode").asString()).isEqualTo("split");
  }

  @Test
  void ranges_pageByPage_eachOnceWithTheSequence() {
    List<String> starts = idsPaged("/address-spaces/host-1.1/ranges?limit=3", "start");
    assertThat(starts).hasSize(Installation.RANGES).doesNotHaveDuplicates();
    assertThat(starts.getFirst()).isEqualTo("0x7f0000000000");
    JsonNode body = coordinator.get("/address-spaces/host-1.1/ranges").body();
    assertThat(body.path("sequence").asLong()).isEqualTo(9);
    assertThat(body.at("/items/0/protection").asString()).isEqualTo("rw-");
    assertThat(body.at("/items/0/state").asString()).isEqualTo("resident");
    assertThat(body.at("/items/0/holders/0/device").asString()).isEqualTo("agent-1/0");
  }

  @Test
  void ranges_filterByIntervalAndDevice() {
    String path = "/address-spaces/host-1.1/ranges";
    assertThat(idsPaged(path + "?start=0x7f0000004000&end=0x7f000000c000", "start"))
        .containsExactly("0x7f0000004000", "0x7f0000008000");
    assertThat(idsPaged(path + "?end=139637976793088", "start")).hasSize(4);
    assertThat(idsPaged(path + "?device=agent-1/0&limit=2", "start")).hasSize(5);
    assertThat(idsPaged(path + "?device=agent-9/0", "start")).isEmpty();
  }

  @Test
  void page_namesTheFenceThatHoldsIt() {
    JsonNode body = coordinator.get("/address-spaces/host-1.1/pages/0x7f0000000abc").body();
    assertThat(body.path("address").asString()).isEqualTo("0x7f0000000000");
    assertThat(body.path("state").asString()).isEqualTo("invalidating");
    assertThat(body.path("fenceId").asString()).isEqualTo("host-1.42");
    assertThat(
            coordinator.get("/address-spaces/host-1.1/pages/4096").body().path("fenceId").isNull())
        .isTrue();
  }

  @Test
  void mirrors_pageByPage() {
    assertThat(idsPaged("/address-spaces/host-1.1/mirrors?limit=2", "device"))
        .containsExactly("agent-1/0", "agent-1/1", "agent-1/2");
  }

  @Test
  void fences_overAllHosts_newestFirst() {
    JsonNode body = coordinator.get("/fences").body();
    assertThat(texts(body, "id")).containsExactly("host-2.5", "host-1.42", "host-1.41");
    assertThat(body.path("truncated").asBoolean()).isFalse();
    assertThat(texts(coordinator.get("/fences?state=pending&space=host-1.1").body(), "id"))
        .containsExactly("host-1.42");
    assertThat(coordinator.get("/fences?limit=1").body().path("truncated").asBoolean()).isTrue();
  }

  @Test
  void pendingFence_saysWhoIsLateWhyAndWhatHappensNext() {
    JsonNode body = coordinator.get("/fences/host-1.42").body();
    assertThat(body.path("summary").asString())
        .isEqualTo("waits for 1 of 2 participants: agent-1/0");
    assertThat(body.at("/late/0/device").asString()).isEqualTo("agent-1/0");
    assertThat(body.at("/late/0/since").asString()).isEqualTo("1970-01-01T00:00:02Z");
    assertThat(body.at("/late/0/why").asString()).contains("stream to the host is broken");
    assertThat(body.at("/late/0/next").asString()).contains("dead in 400 ms", "not renewed");
    assertThat(body.at("/fence/participants/1/latenessMicros").asDouble()).isEqualTo(69_980.0);
    assertThat(body.at("/fence/participants/1/resolution").asString()).isEqualTo("pending");
    assertThat(body.at("/fence/scheduleMicros").asDouble()).isEqualTo(1.5);
  }

  @Test
  void completedFence_hasNobodyLate() {
    JsonNode body = coordinator.get("/fences/host-1.41").body();
    assertThat(body.path("late").isEmpty()).isTrue();
    assertThat(body.path("summary").asString()).startsWith("completed");
  }

  @Test
  void unknownThings_areProblemsOfTheirOwn() {
    assertProblem("/hosts/nobody", 404, "unknown-host");
    assertProblem("/agents/nobody", 404, "unknown-agent");
    assertProblem("/devices/agent-1/9", 404, "unknown-device");
    assertProblem("/address-spaces/nobody.1", 404, "unknown-host");
    assertProblem("/address-spaces/host-1.99", 404, "unknown-address-space");
    assertProblem("/address-spaces/host-1.99/ranges", 404, "unknown-address-space");
    assertProblem("/address-spaces/host-1.99/mirrors", 404, "unknown-address-space");
    assertProblem("/address-spaces/host-1.99/pages/0", 404, "unknown-address-space");
    assertProblem("/fences/host-1.99", 404, "unknown-fence");
    assertProblem("/fences?space=host-1.99", 404, "unknown-address-space");
    assertProblem("/nothing/here", 404, "not-found");
  }

  @Test
  void hostThatAnswersNonsense_isNamed() {
    assertProblem("/address-spaces/host-1.1/pages/0x10000000", 502, "host-answer-unusable");
  }

  @Test
  void prometheus_findsAllNodes() {
    JsonNode body = coordinator.send("GET", "/sd/prometheus").body();
    assertThat(body.size()).isEqualTo(4);
    assertThat(body.at("/0/targets/0").asString()).isEqualTo("localhost:8081");
    assertThat(body.at("/0/labels/fenceline_kind").asString()).isEqualTo("host");
    assertThat(coordinator.get("/sd/prometheus").body()).isEqualTo(body);
  }

  @Test
  void metrics_areScraped() {
    coordinator.get("/address-spaces");
    String text = coordinator.send("GET", "/actuator/prometheus").response().body();
    assertThat(text)
        .contains("fenceline_coordinator_nodes{kind=\"host\",state=\"live\"}")
        .contains("fenceline_coordinator_recovering 0.0")
        .contains("fenceline_coordinator_registry_reports_total")
        .contains("fenceline_coordinator_event_queue_depth")
        .contains("fenceline_coordinator_query_seconds_bucket{operation=\"ListSpaces\"");
  }

  @Test
  void probes_answer() {
    assertThat(coordinator.send("GET", "/actuator/health/liveness").status()).isEqualTo(200);
    assertThat(coordinator.send("GET", "/actuator/health/readiness").status()).isEqualTo(200);
  }

  @Test
  void openApi_describesEveryResourceAndItsProblems() {
    JsonNode document = coordinator.send("GET", "/v3/api-docs").body();
    List<String> paths = new ArrayList<>(document.path("paths").propertyNames());
    assertThat(paths)
        .contains(
            "/api/v1/status",
            "/api/v1/hosts",
            "/api/v1/hosts/{hostId}",
            "/api/v1/agents/{agentId}",
            "/api/v1/devices/{agentId}/{index}",
            "/api/v1/address-spaces/{spaceId}/ranges",
            "/api/v1/address-spaces/{spaceId}/pages/{address}",
            "/api/v1/address-spaces/{spaceId}/mirrors",
            "/api/v1/fences/{fenceId}")
        .doesNotContain("/error");
    assertThat(
            document
                .at("/paths/~1api~1v1~1fences/get/responses/503/content")
                .has("application/problem+json"))
        .isTrue();
    assertThat(coordinator.send("GET", "/swagger-ui/index.html").status()).isEqualTo(200);
  }

  @Test
  void openApi_showsWhatEachTextOfAnAnswerLooksLike() {
    JsonNode schemas = coordinator.send("GET", "/v3/api-docs").body().at("/components/schemas");
    for (String name : schemas.propertyNames()) {
      if (name.endsWith("Body") || name.equals("Problem")) {
        continue;
      }
      JsonNode members = schemas.path(name).path("properties");
      for (String member : members.propertyNames()) {
        JsonNode schema = members.path(member);
        if (schema.path("type").toString().contains("string")) {
          assertThat(schema.has("example") || schema.has("enum") || schema.has("format"))
              .as("%s.%s", name, member)
              .isTrue();
        }
      }
    }
  }

  @Test
  void openApi_saysOfEachNumberWhatItIs_andShowsOne() {
    JsonNode schemas = coordinator.send("GET", "/v3/api-docs").body().at("/components/schemas");
    for (String name : schemas.propertyNames()) {
      if (name.equals("Problem")) {
        continue; // as RFC 9457 has it
      }
      JsonNode members = schemas.path(name).path("properties");
      for (String member : members.propertyNames()) {
        JsonNode schema = members.path(member);
        String type = schema.path("type").toString();
        if (type.contains("integer") || type.contains("number")) {
          assertThat(schema.has("example")).as("%s.%s has an example", name, member).isTrue();
          assertThat(schema.path("description").asString(""))
              .as("%s.%s is described", name, member)
              .isNotEmpty();
        }
      }
    }
  }

  private static void assertProblem(String path, int status, String problem) {
    Answer answer = coordinator.get(path);
    assertThat(answer.status()).as(path).isEqualTo(status);
    assertThat(answer.problem()).as(path).isEqualTo(problem);
    assertThat(answer.contentType()).startsWith("application/problem+json");
  }

  /** Follows nextCursor to the end. */
  private static List<String> idsPaged(String path, String field) {
    List<String> found = new ArrayList<>();
    String cursor = "";
    do {
      JsonNode body = coordinator.get(path + cursor).body();
      found.addAll(texts(body, field));
      String next = body.path("nextCursor").asString("");
      cursor = next.isEmpty() ? "" : (path.contains("?") ? "&" : "?") + "cursor=" + next;
      assertThat(found).as(path).hasSizeLessThan(100);
    } while (!cursor.isEmpty());
    return found;
  }

  private static List<String> texts(JsonNode body, String field) {
    List<String> texts = new ArrayList<>();
    body.path("items").forEach(item -> texts.add(item.path(field).asString()));
    return texts;
  }
}
