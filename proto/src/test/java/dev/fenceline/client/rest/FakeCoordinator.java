package dev.fenceline.client.rest;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * A coordinator that pages, refuses, recovers, remembers idempotency keys and streams events.
 * Thread-safe.
 */
final class FakeCoordinator implements AutoCloseable {
  static final int HOSTS = 25;

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final Map<String, String> answersByKey = new LinkedHashMap<>();
  private final List<String> events = new CopyOnWriteArrayList<>();
  private final AtomicInteger created = new AtomicInteger();
  private final AtomicInteger recovering = new AtomicInteger();
  private final AtomicInteger breaking = new AtomicInteger();

  FakeCoordinator() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  URI address() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** The next so many requests are answered with 503 and a Retry-After of a second. */
  void recoverFor(int answers) {
    recovering.set(answers);
  }

  /** The next so many writes take effect, but their answers are lost. */
  void loseAnswers(int answers) {
    breaking.set(answers);
  }

  /** What was asked: method, path with query, and the token if there was one. */
  List<String> requests() {
    return requests;
  }

  int created() {
    return created.get();
  }

  /** Makes something happen; the stream ends behind it if it is told to. */
  void happens(String line) {
    events.add(line);
  }

  private void handle(HttpExchange exchange) throws IOException {
    String token = exchange.getRequestHeaders().getFirst("Authorization");
    requests.add(
        exchange.getRequestMethod()
            + " "
            + exchange.getRequestURI()
            + (token == null ? "" : " as " + token));
    String path = exchange.getRequestURI().getPath();
    if (recovering.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      exchange.getResponseHeaders().add("Retry-After", "1");
      problem(exchange, 503, "recovering", "The coordinator is rebuilding its state", "");
    } else if (path.equals("/api/v1/hosts")) {
      hosts(exchange);
    } else if (path.equals("/api/v1/address-spaces")
        && exchange.getRequestMethod().equals("POST")) {
      create(exchange);
    } else if (path.equals("/api/v1/events")) {
      stream(exchange);
    } else if (path.endsWith("/operations")) {
      answer(exchange, 200, "application/json", operation(exchange));
    } else if (path.equals("/api/v1/agents")) {
      problem(
          exchange,
          400,
          "invalid-parameter",
          "limit cannot be 0",
          ",\"parameter\":\"limit\",\"value\":\"0\"");
    } else if (path.equals("/api/v1/devices")) {
      answer(exchange, 500, "text/html", "<html>a proxy's words</html>");
    } else {
      problem(exchange, 404, "not-found", "no such resource: " + path, "");
    }
  }

  private void hosts(HttpExchange exchange) throws IOException {
    Map<String, String> query = query(exchange);
    int from = Integer.parseInt(query.getOrDefault("cursor", "0"));
    int limit = Integer.parseInt(query.getOrDefault("limit", "100"));
    List<String> items = new ArrayList<>();
    for (int i = from; i < Math.min(HOSTS, from + limit); i++) {
      items.add(
          """
          {"id":"host-%d","node":{"state":"live","reason":"registered","since":"2026-01-01T00:00:00Z",\
          "bootToken":"0x1","endpoint":"h:1","httpEndpoint":"h:2","registeredAt":"2026-01-01T00:00:00Z",\
          "silentMillis":5},"hostEpoch":"0x9","spaceCount":1,"sessionCount":2,"totalFrames":10,\
          "freeFrames":4,"quarantinedAgents":[],"addedLater":true}"""
              .formatted(i));
    }
    String next = from + limit < HOSTS ? "\"" + (from + limit) + "\"" : "null";
    answer(
        exchange,
        200,
        "application/json",
        "{\"items\":[" + String.join(",", items) + "],\"nextCursor\":" + next + "}");
  }

  private void create(HttpExchange exchange) throws IOException {
    String key = exchange.getRequestHeaders().getFirst("Idempotency-Key");
    String answer;
    synchronized (answersByKey) {
      answer = answersByKey.get(key);
      if (answer == null) {
        answer =
            """
            {"id":"host-1.%d","hostId":"host-1","spaceId":"1","name":"n","notificationMode":"split",\
            "mappingCount":0,"mappedPages":0,"residentPages":0,"mirrorCount":0,"sequence":1,\
            "pendingInvalidationCount":0}"""
                .formatted(created.incrementAndGet());
        answersByKey.put(key, answer);
      }
    }
    if (breaking.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      // Longer than what follows: the connection breaks in the middle.
      exchange.sendResponseHeaders(201, answer.length() + 100);
      exchange.getResponseBody().write('{');
      exchange.close();
      return;
    }
    answer(exchange, 201, "application/json", answer);
  }

  private static String operation(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    boolean tries = body.contains("\"mode\":\"try\"");
    return """
        {"outcome":"%s","address":null,"fenceId":"host-1.7","scheduleMicros":1.5,"unmapMicros":2,\
        "waitMicros":3,"fencesWaited":1,"echo":%s}"""
        .formatted(tries ? "backed-off" : "done", body);
  }

  /**
   * Sends what happened behind the id that the client names, and breaks off at the word `break`.
   */
  private void stream(HttpExchange exchange) throws IOException {
    String last = exchange.getRequestHeaders().getFirst("Last-Event-ID");
    exchange.getResponseHeaders().add("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write("retry: 2000\n: hello\n\n".getBytes(StandardCharsets.UTF_8));
      int next = last == null ? 0 : Integer.parseInt(last) + 1;
      while (!Thread.currentThread().isInterrupted()) {
        if (next >= events.size()) {
          out.flush();
          Thread.sleep(5); // a server's own pace; the test waits for events, not for time
          continue;
        }
        String event = events.get(next);
        if (event.equals("break")) {
          events.set(next, "mended");
          return;
        }
        out.write(sse(next, event).getBytes(StandardCharsets.UTF_8));
        next++;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String sse(int id, String event) {
    if (event.equals("gap")) {
      return "event: gap\r\ndata: {\"lostFrom\":\"3\",\"lostTo\":\"4\",\r\ndata: \"reason\":\"too much\"}\r\n\r\n";
    }
    return "id: %d\ndata: {\"id\":\"%d\",\"at\":\"2026-01-01T00:00:00Z\",\"kind\":\"%s\",\"message\":\"m\"}\n\n"
        .formatted(id, id, event);
  }

  private static Map<String, String> query(HttpExchange exchange) {
    String query = exchange.getRequestURI().getQuery();
    return query == null
        ? Map.of()
        : Arrays.stream(query.split("&"))
            .map(each -> each.split("=", 2))
            .collect(Collectors.toMap(each -> each[0], each -> each[1]));
  }

  private static void problem(
      HttpExchange exchange, int status, String slug, String detail, String more)
      throws IOException {
    answer(
        exchange,
        status,
        "application/problem+json",
        "{\"type\":\"https://fenceline.dev/problems/%s\",\"title\":\"T\",\"status\":%d,\"detail\":\"%s\"%s}"
            .formatted(slug, status, detail, more));
  }

  private static void answer(HttpExchange exchange, int status, String type, String body)
      throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", type);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
