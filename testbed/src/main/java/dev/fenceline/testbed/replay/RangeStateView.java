package dev.fenceline.testbed.replay;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The coordinator's answer to "who holds what of this space", as lines for people. Stateless. */
final class RangeStateView {
  private static final Duration BOUND = Duration.ofSeconds(5);
  private static final int MAX_LINES = 6;
  private static final int LIMIT = 1000;
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private RangeStateView() {}

  /**
   * Where the ranges of a space can be asked for.
   *
   * @param rest the coordinator's REST address
   */
  static String address(String rest, String hostId, long spaceId) {
    return rest + "/api/v1/address-spaces/" + hostId + "." + spaceId + "/ranges";
  }

  /** Some of the ranges that devices hold; or one line that says why there is no answer. */
  static List<String> lines(String address) throws InterruptedException {
    try (HttpClient client = HttpClient.newBuilder().connectTimeout(BOUND).build()) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(address + "?limit=" + LIMIT)).timeout(BOUND).build();
      HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        return List.of("the coordinator answered " + response.statusCode());
      }
      return lines(MAPPER.readTree(response.body()));
    } catch (IOException | JacksonException e) {
      return List.of("no answer: " + e.getMessage());
    }
  }

  static List<String> lines(JsonNode page) {
    List<String> lines = new ArrayList<>();
    int ranges = 0;
    for (JsonNode range : page.path("items")) {
      ranges++;
      String holders = holders(range);
      if (!holders.isEmpty() && lines.size() < MAX_LINES) {
        lines.add(
            "%s-%s %s %s, generation %s: %s"
                .formatted(
                    range.path("start").asString(""),
                    range.path("end").asString(""),
                    range.path("protection").asString(""),
                    range.path("state").asString(""),
                    range.path("generation").asString(""),
                    holders));
      }
    }
    lines.add("(" + ranges + " ranges in the answer, those above are held by somebody)");
    return lines;
  }

  private static String holders(JsonNode range) {
    List<String> holders = new ArrayList<>();
    for (JsonNode holder : range.path("holders")) {
      long pages = holder.path("heldPages").asLong(0);
      if (pages > 0) {
        holders.add(holder.path("device").asString("") + " holds " + pages);
      }
    }
    return String.join(", ", holders);
  }
}
