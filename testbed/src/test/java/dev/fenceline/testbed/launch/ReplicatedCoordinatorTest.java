package dev.fenceline.testbed.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Two coordinators, as real processes, over one host and two agents. */
@Tag("processes")
@Timeout(600)
class ReplicatedCoordinatorTest {
  private static final Duration BOUND = Duration.ofSeconds(120);
  private static final JsonMapper JSON = new JsonMapper();

  private final HttpClient http = HttpClient.newHttpClient();

  @Test
  void bothCoordinators_answerTheSame_andOneGoesOnWhenTheOtherDies(@TempDir Path directory)
      throws Exception {
    Installation installation = Installation.current();
    assumeTrue(
        Files.exists(installation.root().resolve("coordinator/target/classpath.txt")),
        "the services are not packaged");
    StackSpec spec = StackSpec.of(directory.resolve("run"), 2, 1).replicated(2);
    try (Interruption interruption = Interruption.install(Duration.ZERO)) {
      Stack stack = Stack.start(installation, spec, interruption);
      String first = url(stack.coordinators().get(0));
      String second = url(stack.coordinators().get(1));
      List<String> everybody = List.of("agents agent-1", "agents agent-2", "hosts host-1");
      await("the first knows everybody", () -> live(first).equals(everybody));
      await("so does the second", () -> live(second).equals(everybody));
      assertThat(bootToken(first)).isNotEqualTo(bootToken(second));

      String space = create(first);
      assertThat(get(second + "/address-spaces/" + space).path("id").asString()).isEqualTo(space);
      assertThat(spaces(second)).isEqualTo(spaces(first));

      ServiceProcess dead = stack.coordinators().get(0);
      dead.terminate();
      dead.stop(System.nanoTime() + BOUND.toNanos());

      // A busy node may be suspect for a moment.
      await("the second knows everybody still", () -> live(second).equals(everybody));
      String another = create(second);
      await("agents stay attached", () -> attached(second) == 2);
      assertThat(spaces(second)).containsExactlyInAnyOrder(space, another);
    }
  }

  private static String url(ServiceProcess coordinator) {
    return "http://" + coordinator.httpAddress() + "/api/v1";
  }

  private JsonNode get(String url) throws Exception {
    HttpResponse<String> answer =
        http.send(
            HttpRequest.newBuilder(URI.create(url)).timeout(BOUND).build(),
            HttpResponse.BodyHandlers.ofString());
    return JSON.readTree(answer.body());
  }

  /** Who is live, by kind and id. */
  private List<String> live(String api) {
    return List.of("agents", "hosts").stream()
        .flatMap(kind -> items(api, kind).stream().map(node -> kind + " " + live(node)))
        .toList();
  }

  private static String live(JsonNode node) {
    String state = node.path("node").path("state").asString();
    return state.equals("live") ? node.path("id").asString() : "(" + state + ")";
  }

  private List<JsonNode> items(String api, String kind) {
    try {
      return get(api + "/" + kind).path("items").valueStream().toList();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private List<String> spaces(String api) {
    return items(api, "address-spaces").stream().map(each -> each.path("id").asString()).toList();
  }

  private String bootToken(String api) throws Exception {
    return get(api + "/status").path("bootToken").asString();
  }

  /** How many agents have a link that is attached. */
  private long attached(String api) {
    return items(api, "agents").stream()
        .filter(
            agent ->
                agent
                    .path("links")
                    .valueStream()
                    .anyMatch(link -> link.path("state").asString().equals("attached")))
        .count();
  }

  private String create(String api) throws Exception {
    HttpResponse<String> answer =
        http.send(
            HttpRequest.newBuilder(URI.create(api + "/address-spaces"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"name\": \"replicated\"}"))
                .timeout(BOUND)
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
    return JSON.readTree(answer.body()).path("id").asString();
  }

  /** A condition over REST. */
  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void await(String what, Condition condition) throws Exception {
    long deadline = System.nanoTime() + BOUND.toNanos();
    while (!condition.holds()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("waited in vain until " + what);
      }
      Thread.sleep(100);
    }
  }
}
