package dev.fenceline.coordinator.adapter.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.coordinator.support.ApiWalk;
import dev.fenceline.coordinator.support.ApiWalk.Call;
import dev.fenceline.coordinator.support.Installation;
import dev.fenceline.coordinator.support.RunningCoordinator;
import dev.fenceline.coordinator.support.RunningCoordinator.Answer;
import java.io.IOException;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** Walks the OpenAPI document and sends what it forbids, everywhere. */
class GeneratedRequestsTest {
  private static final int SEEDS = 15;

  private static RunningCoordinator coordinator;
  private static Installation installation;
  private static ApiWalk walk;

  @BeforeAll
  static void start() throws IOException {
    coordinator = RunningCoordinator.start();
    installation = new Installation(coordinator.grpcPort());
    coordinator.ready();
    coordinator.await("/hosts", answer -> answer.body().path("items").size() == 2);
    coordinator.await("/agents", answer -> answer.body().path("items").size() == 2);
    walk = new ApiWalk(coordinator.send("GET", "/v3/api-docs").body());
  }

  @AfterAll
  static void stop() {
    installation.close();
    coordinator.close();
  }

  @Test
  void document_isWholeAndConsistent() {
    JsonNode document = walk.document();
    assertThat(document.path("openapi").asString()).startsWith("3.1");
    assertThat(walk.operations()).hasSizeGreaterThan(35);
    assertThat(walk.operations()).extracting(Call::operationId).doesNotHaveDuplicates();
    assertThat(walk.unresolvedReferences()).isEmpty();
    for (Call call : walk.operations()) {
      JsonNode responses = call.operation().path("responses");
      assertThat(call.operation().path("summary").asString("")).as(call.name()).isNotEmpty();
      for (String status : List.of("400", "401", "403", "404", "429", "503")) {
        assertThat(responses.has(status)).as(call.name() + " " + status).isTrue();
      }
      if (call.operation().has("requestBody")) {
        assertThat(responses.has("413") && responses.has("415")).as(call.name()).isTrue();
      }
    }
    for (String kind : List.of("Range", "Fence", "Space", "Pin", "Program", "Event")) {
      assertThat(document.at("/components/schemas").has(kind + "Page")).as(kind).isTrue();
    }
  }

  @Test
  @Timeout(900)
  void whatTheDocumentForbids_isRefusedByNameAndNeverAFailure() {
    Long only = Long.getLong("fenceline.seed");
    for (long seed = only == null ? 0 : only; seed < (only == null ? SEEDS : only + 1); seed++) {
      RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
      for (Call call : walk.operations()) {
        for (ApiWalk.Request request : walk.forbidden(call, random)) {
          Answer answer = send(request);
          String replay =
              "-Dtest=GeneratedRequestsTest -Dfenceline.seed="
                  + seed
                  + ": "
                  + request.shown()
                  + "\n"
                  + answer.status()
                  + " "
                  + answer.response().body();
          assertThat(answer.status()).as(replay).isBetween(400, 499);
          assertThat(answer.contentType()).as(replay).startsWith("application/problem+json");
          assertThat(answer.response().body())
              .as(replay)
              .doesNotContain("org.springframework", "tools.jackson", "java.lang", "\tat ");
          if (request.culprit() != null) {
            assertThat(answer.body().path("parameter").asString(""))
                .as(replay)
                .isIn(request.culprit(), "body");
          }
        }
      }
    }
  }

  private static Answer send(ApiWalk.Request request) {
    return request.body() == null
        ? coordinator.send(request.method(), request.path())
        : coordinator.send(
            request.method(),
            request.path(),
            java.net.http.HttpRequest.BodyPublishers.ofString(request.body()),
            "Content-Type",
            request.contentType());
  }
}
