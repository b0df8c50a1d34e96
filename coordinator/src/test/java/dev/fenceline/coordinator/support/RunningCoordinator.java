package dev.fenceline.coordinator.support;

import dev.fenceline.coordinator.config.CoordinatorApplication;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.Environment;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The real coordinator on real ports. Confined to the test's thread. */
public final class RunningCoordinator implements AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long POLL_MILLIS = 10;

  private final ConfigurableApplicationContext context;
  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(30)).build();

  private RunningCoordinator(ConfigurableApplicationContext context) {
    this.context = context;
  }

  /** What came back. */
  public record Answer(int status, HttpResponse<String> response, JsonNode body) {
    public String problem() {
      return body.path("type").asString("").replace("https://fenceline.dev/problems/", "");
    }

    public String contentType() {
      return response.headers().firstValue("content-type").orElse("");
    }
  }

  /**
   * Starts with a short recovery window, and with time-outs that nobody who is alive misses on a
   * busy machine: who waits for one sets it. Ports are free ones.
   */
  public static RunningCoordinator start(String... options) {
    return startOn(0, options);
  }

  /** Starts with the gRPC port given, so that nodes find a successor. */
  public static RunningCoordinator startOn(int grpcPort, String... options) {
    List<String> all = new ArrayList<>(List.of(options));
    List.of(
            "--server.port=0",
            "--spring.grpc.server.port=" + grpcPort,
            "--fenceline.coordinator.liveness-timeout=60s",
            "--fenceline.coordinator.report-interval=50ms",
            "--fenceline.coordinator.recovery-window=150ms",
            "--fenceline.coordinator.query-timeout=30s",
            "--fenceline.rest.limits.requests-per-second=0",
            "--logging.level.root=warn")
        .stream()
        .filter(each -> Stream.of(options).noneMatch(given -> name(given).equals(name(each))))
        .forEach(all::add);
    return new RunningCoordinator(
        SpringApplication.run(CoordinatorApplication.class, all.toArray(String[]::new)));
  }

  public int grpcPort() {
    return port("local.grpc.server.port");
  }

  public int httpPort() {
    return port("local.server.port");
  }

  public <T> T bean(Class<T> type) {
    return context.getBean(type);
  }

  /** GET below /api/v1. */
  public Answer get(String path) {
    return send("GET", "/api/v1" + path);
  }

  /** Sends JSON below /api/v1. */
  public Answer write(String method, String path, String body, String... headers) {
    List<String> all = new ArrayList<>(List.of(headers));
    if (!all.contains("Content-Type")) {
      all.addAll(List.of("Content-Type", "application/json"));
    }
    return send(
        method,
        "/api/v1" + path,
        HttpRequest.BodyPublishers.ofString(body),
        all.toArray(String[]::new));
  }

  /** Sends a request with any path, already escaped. */
  public Answer send(String method, String path, String... headers) {
    return send(method, path, HttpRequest.BodyPublishers.noBody(), headers);
  }

  /** Sends a request with any path, already escaped, and any body. */
  public Answer send(
      String method, String path, HttpRequest.BodyPublisher body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://localhost:" + httpPort() + path))
            .timeout(Duration.ofSeconds(60))
            .method(method, body);
    if (headers.length > 0) {
      request.headers(headers);
    }
    try {
      HttpResponse<String> response =
          http.send(request.build(), HttpResponse.BodyHandlers.ofString());
      String type = response.headers().firstValue("content-type").orElse("");
      return new Answer(
          response.statusCode(),
          response,
          JSON.readTree(type.contains("json") ? response.body() : "null"));
    } catch (IOException e) {
      throw new IllegalStateException("request " + method + " " + path + " failed", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /**
   * Asks until the answer is as wanted: real time passes here, bounded, and never decides what is
   * right.
   */
  public Answer await(String path, Predicate<Answer> wanted) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      Answer answer = get(path);
      if (wanted.test(answer)) {
        return answer;
      }
      if (System.nanoTime() - end > 0) {
        throw new AssertionError(path + " still answers " + answer.response().body());
      }
      pause();
    }
  }

  /** Waits for the end of the recovery window. */
  public RunningCoordinator ready() {
    await("/status", answer -> answer.body().path("state").asString("").equals("ready"));
    return this;
  }

  @Override
  public void close() {
    http.close();
    context.close();
  }

  private static String name(String option) {
    return option.substring(0, option.indexOf('='));
  }

  private static void pause() {
    try {
      Thread.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private int port(String property) {
    Environment environment = context.getEnvironment();
    return environment.getRequiredProperty(property, Integer.class);
  }
}
