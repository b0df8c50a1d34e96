package dev.fenceline.testbed.containers;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Asks a coordinator over REST. Thread-safe. */
final class CoordinatorRest implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final HttpClient client = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
  private final JsonMapper mapper = JsonMapper.builder().build();
  private final String base;

  CoordinatorRest(String base) {
    this.base = base + "/api/v1";
  }

  /** The answer to a GET, which must be 200. */
  JsonNode get(String path) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(base + path))
            .header("Authorization", "Bearer " + ContainerCertificates.TOKEN)
            .timeout(TIMEOUT)
            .build();
    HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      throw new IOException("GET " + path + ": " + response.statusCode() + " " + response.body());
    }
    return mapper.readTree(response.body());
  }

  @Override
  public void close() {
    client.close();
  }
}
