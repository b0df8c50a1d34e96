package dev.fenceline.testbed.observability;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A real Prometheus as a child process, with data of its own. Thread-safe. */
final class PrometheusServer implements AutoCloseable {
  private static final Duration READY_WITHIN = Duration.ofSeconds(120);

  private final Process process;
  private final Path log;
  private final String address;
  private final HttpClient http = HttpClient.newHttpClient();
  private final JsonMapper json = JsonMapper.builder().build();

  private PrometheusServer(Process process, Path log, String address) {
    this.process = process;
    this.log = log;
    this.address = address;
  }

  /** Starts it and waits until it answers. */
  static PrometheusServer start(Path configuration, Path directory) throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    String address = "127.0.0.1:" + port;
    Path log = directory.resolve("prometheus.log");
    Process process =
        new ProcessBuilder(
                PrometheusTools.find("prometheus").toString(),
                "--config.file=" + configuration,
                "--storage.tsdb.path=" + directory.resolve("data"),
                "--web.listen-address=" + address,
                "--enable-feature=exemplar-storage",
                "--log.level=warn")
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    PrometheusServer server = new PrometheusServer(process, log, address);
    server.awaitReady();
    return server;
  }

  private void awaitReady() throws Exception {
    long deadline = System.nanoTime() + READY_WITHIN.toNanos();
    while (System.nanoTime() - deadline < 0 && process.isAlive()) {
      try {
        if (get("/-/ready").statusCode() == 200) {
          return;
        }
      } catch (IOException e) {
        // It does not listen yet.
      }
      Thread.sleep(100);
    }
    close();
    throw new AssertionError("Prometheus did not start:\n" + Files.readString(log));
  }

  /** The value of an expression now: a result with its type, or an error. */
  JsonNode query(String expression) throws Exception {
    return json.readTree(
        get("/api/v1/query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8)).body());
  }

  /** The series of an expression, one value for each second, the ends included. */
  JsonNode range(String expression, long startSeconds, long endSeconds) throws Exception {
    return api("query_range?query=%s&start=%d&end=%d&step=1"
            .formatted(
                URLEncoder.encode(expression, StandardCharsets.UTF_8), startSeconds, endSeconds))
        .path("data")
        .path("result");
  }

  /** The exemplars of the last ten minutes. */
  JsonNode exemplars(String expression) throws Exception {
    long now = System.currentTimeMillis() / 1000;
    return api(
        "query_exemplars?query=%s&start=%d&end=%d"
            .formatted(URLEncoder.encode(expression, StandardCharsets.UTF_8), now - 600, now + 60));
  }

  JsonNode api(String path) throws Exception {
    return json.readTree(get("/api/v1/" + path).body());
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://" + address + path))
            .timeout(Duration.ofSeconds(60))
            .build();
    return http.send(request, HttpResponse.BodyHandlers.ofString());
  }

  String log() throws IOException {
    return Files.readString(log);
  }

  @Override
  public void close() {
    process.destroy();
    try {
      // Its directory is deleted next: it must not write there any more.
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor(30, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    http.close();
  }
}
