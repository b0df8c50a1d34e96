package dev.fenceline.coordinator.support;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;

/** Follows the coordinator's events as a browser does. Confined to the test's thread. */
public final class EventReader implements AutoCloseable {
  private final HttpClient http;
  private final BufferedReader lines;

  /** One event; immutable. */
  public record Received(String id, String name, String data) {}

  private EventReader(HttpClient http, BufferedReader lines) {
    this.http = http;
    this.lines = lines;
  }

  /** Returns once the stream has begun. */
  public static EventReader open(int port, String query, String lastEventId)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/api/v1/events" + query))
            .header("Accept", "text/event-stream");
    if (lastEventId != null) {
      request.header("Last-Event-ID", lastEventId);
    }
    HttpClient http = HttpClient.newHttpClient();
    HttpResponse<java.io.InputStream> response =
        http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    if (response.statusCode() != 200) {
      throw new IOException("status " + response.statusCode());
    }
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
    String line = lines.readLine();
    while (line != null && !line.startsWith(":")) {
      line = lines.readLine();
    }
    return new EventReader(http, lines);
  }

  /** The next event whose data has the text. */
  public Received next(String text) throws IOException {
    String id = "";
    String name = "message";
    while (true) {
      String line = lines.readLine();
      if (line == null) {
        throw new IOException("the stream ended before '" + text + "' came");
      }
      if (line.startsWith("id: ")) {
        id = line.substring(4);
      } else if (line.startsWith("event: ")) {
        name = line.substring(7);
      } else if (line.startsWith("data: ") && line.contains(text)) {
        return new Received(id, name, line.substring(6));
      } else if (line.isEmpty()) {
        name = "message";
      }
    }
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
