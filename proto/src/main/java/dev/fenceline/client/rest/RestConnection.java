package dev.fenceline.client.rest;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Requests to one coordinator: bounded in time and size, repeated within a policy, refusals as
 * typed exceptions. Thread-safe.
 */
final class RestConnection implements AutoCloseable {
  static final JsonMapper MAPPER =
      JsonMapper.builder()
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  private static final String API = "/api/v1";
  private static final long MAX_ANSWER_BYTES = 64 << 20;

  private final URI server;
  private final HttpClient http;
  private final @Nullable String token;
  private final Duration bound;
  private final RetryPolicy retries;
  private final Pause pause;

  RestConnection(CoordinatorClient.Builder settings, HttpClient http) {
    this.server = settings.server();
    this.token = settings.token();
    this.bound = settings.bound();
    this.retries = settings.retries();
    this.pause = settings.pause();
    this.http = http;
  }

  /** How to let time pass; tests have another way. */
  interface Pause {
    void sleep(Duration duration) throws InterruptedException;
  }

  URI server() {
    return server;
  }

  Pause pause() {
    return pause;
  }

  RetryPolicy retries() {
    return retries;
  }

  JsonNode get(String path, Query query) {
    return send(request(path, query).header("Accept", "application/json").GET().build(), true);
  }

  /**
   * A POST with an idempotency key of its own, so that it may be repeated when its answer is lost.
   */
  JsonNode post(String path, Object body) {
    HttpRequest.Builder request = withBody(path, body, "POST");
    return send(request.header("Idempotency-Key", UUID.randomUUID().toString()).build(), true);
  }

  JsonNode put(String path, Object body) {
    return send(withBody(path, body, "PUT").build(), true);
  }

  /** Not repeated when its answer is lost: what is gone already would be answered as unknown. */
  JsonNode delete(String path) {
    return send(
        request(path, Query.all()).header("Accept", "application/json").DELETE().build(), false);
  }

  private HttpRequest.Builder withBody(String path, Object body, String method) {
    byte[] bytes = MAPPER.writeValueAsBytes(body);
    return request(path, Query.all())
        .header("Accept", "application/json")
        .header("Content-Type", "application/json")
        .method(method, HttpRequest.BodyPublishers.ofByteArray(bytes));
  }

  private HttpRequest.Builder request(String path, Query query) {
    String base = server.toString();
    String trimmed = base.endsWith("/") ? base.substring(0, base.length() - 1) : base;
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(trimmed + API + path + query)).timeout(bound);
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    return request;
  }

  private JsonNode send(HttpRequest request, boolean repeatable) {
    long begun = System.nanoTime();
    for (int attempt = 1; ; attempt++) {
      Duration retryAfter = Duration.ZERO;
      RuntimeException failure;
      try {
        HttpResponse<byte[]> response =
            http.send(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_ANSWER_BYTES));
        if (response.statusCode() < 300) {
          return document(response.body());
        }
        ProblemException refusal = Problems.of(response.statusCode(), response);
        Duration after = refusal.problem().retryAfter();
        if (after == null) {
          throw refusal;
        }
        retryAfter = after;
        failure = refusal;
      } catch (ConnectException | HttpConnectTimeoutException e) {
        // Nobody is there: that is told at once, since a person or an orchestrator has to act.
        throw unreachable("nobody answers there", e);
      } catch (HttpTimeoutException e) {
        throw unreachable("no answer within " + bound.toMillis() + " ms", e);
      } catch (IOException e) {
        failure = unreachable(String.valueOf(e.getMessage()), e);
        if (!repeatable) {
          throw failure;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw unreachable("interrupted", e);
      }
      pauseOrThrow(attempt + 1, begun, retryAfter, failure);
    }
  }

  private void pauseOrThrow(
      int next, long begunNanos, Duration retryAfter, RuntimeException failure) {
    Duration wait = retries.pauseBefore(next, retryAfter);
    Duration spent = Duration.ofNanos(System.nanoTime() - begunNanos).plus(wait);
    if (next > retries.attempts() || spent.compareTo(retries.within()) > 0) {
      throw failure;
    }
    try {
      pause.sleep(wait);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure;
    }
  }

  private JsonNode document(byte[] body) {
    if (body.length == 0) {
      return MAPPER.createObjectNode();
    }
    try {
      return MAPPER.readTree(body);
    } catch (JacksonException e) {
      throw unreachable("its answer is no JSON; is it a coordinator?", e);
    }
  }

  /** Opens the live stream of events; the bound holds for the head of the answer only. */
  HttpResponse<InputStream> stream(String path, Query query, Optional<String> lastEventId)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = request(path, query).header("Accept", "text/event-stream");
    lastEventId.ifPresent(id -> request.header("Last-Event-ID", id));
    return http.send(request.GET().build(), BodyHandlers.ofInputStream());
  }

  UnreachableException unreachable(String why, Throwable cause) {
    return new UnreachableException(server, why, cause);
  }

  <T> T value(JsonNode document, Class<T> type) {
    try {
      return MAPPER.treeToValue(document, type);
    } catch (JacksonException e) {
      throw unreachable(
          "its answer is no " + type.getSimpleName() + ": " + e.getOriginalMessage(), e);
    }
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
