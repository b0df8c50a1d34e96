package dev.fenceline.testbed.console;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * The console's files and the answers of an installation of 1,000 devices and 100,000 ranges, all
 * of which change every second: what the browser has to do is as in life, without a machine that
 * could run so many. Thread-safe.
 */
final class FakeInstallation implements AutoCloseable {
  static final int DEVICES = 1000;
  static final int RANGES = 100_000;

  private static final String API = "/api/v1/";
  private static final List<String> ROLES = List.of("viewer", "operator", "admin");
  private static final String SPACE = "address-spaces/host-1.1";
  private static final Map<String, String> TYPES =
      Map.of(
          "html",
          "text/html",
          "js",
          "text/javascript",
          "css",
          "text/css",
          "svg",
          "image/svg+xml",
          "woff2",
          "font/woff2");

  private final Path files;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final JsonMapper json = JsonMapper.builder().build();
  private final Instant started = Instant.now();
  private final FakeFleet fleet = new FakeFleet(4, DEVICES, started);
  private final FakeSpace space = new FakeSpace("host-1.1", RANGES, DEVICES, 1);
  private final AtomicLong answers = new AtomicLong();
  private final ConcurrentLinkedQueue<String> writes = new ConcurrentLinkedQueue<>();
  private volatile Mode mode = Mode.READY;
  private volatile @Nullable String role = "operator";

  /** How it answers. */
  enum Mode {
    READY,
    RECOVERING,
    FAILING
  }

  private FakeInstallation(Path files, HttpServer server) {
    this.files = files;
    this.server = server;
  }

  /** Serves the console's files from a directory, on a free port of this machine. */
  static FakeInstallation start(Path files) throws IOException {
    InetSocketAddress anywhere = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    FakeInstallation installation = new FakeInstallation(files, HttpServer.create(anywhere, 0));
    installation.server.setExecutor(installation.threads);
    installation.server.createContext("/", installation::serve);
    installation.server.start();
    return installation;
  }

  String origin() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  void answerAs(Mode wanted) {
    mode = wanted;
  }

  /** Who everybody is; null: nobody is known until he signs in by a token that names a role. */
  void setRole(@Nullable String wanted) {
    role = wanted;
  }

  /** What was asked to be changed: method, path and body. */
  List<String> writes() {
    return List.copyOf(writes);
  }

  long answers() {
    return answers.get();
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      exchange.getResponseHeaders().set("Content-Security-Policy", "default-src 'self'");
      if (!path.startsWith(API)) {
        serveFile(exchange, path.equals("/") ? "/index.html" : path);
      } else if (path.equals(API + "events") && wantsStream(exchange)) {
        serveEvents(exchange);
      } else if (path.equals(API + "session")) {
        serveSession(exchange);
      } else if (role == null) {
        refuse(exchange, 401, "unauthenticated", "log in, or send a bearer token");
      } else if (!exchange.getRequestMethod().equals("GET")) {
        writes.add(exchange.getRequestMethod() + " " + path + " " + body(exchange));
        send(exchange, "{}".getBytes(StandardCharsets.UTF_8));
      } else if (mode == Mode.FAILING && !path.equals(API + "status")) {
        refuse(exchange, 504, "host-unreachable", "host-1 did not answer within 2000 ms");
      } else if (mode == Mode.RECOVERING && !path.equals(API + "status")) {
        refuse(exchange, 503, "recovering", "the coordinator waits for nodes to report");
      } else {
        serveAnswer(exchange, path.substring(API.length()));
      }
    }
  }

  private static String body(HttpExchange exchange) throws IOException {
    return new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
  }

  private void serveSession(HttpExchange exchange) throws IOException {
    switch (exchange.getRequestMethod()) {
      case "POST" -> {
        String token = json.readTree(body(exchange)).path("token").asString("");
        role = ROLES.contains(token) ? token : null;
      }
      case "DELETE" -> role = null;
      default -> {}
    }
    String now = role;
    if (now == null) {
      refuse(exchange, 401, "unauthenticated", "the token is not known");
    } else {
      Map<String, Object> who = new LinkedHashMap<>();
      who.put("name", "somebody");
      who.put("role", now);
      who.put("authentication", "static");
      who.put("secured", true);
      send(exchange, json.writeValueAsBytes(who));
    }
  }

  private void refuse(HttpExchange exchange, int status, String slug, String detail)
      throws IOException {
    Map<String, Object> problem = new LinkedHashMap<>();
    problem.put("type", "https://fenceline.dev/problems/" + slug);
    problem.put("title", slug);
    problem.put("status", status);
    problem.put("detail", detail);
    byte[] body = json.writeValueAsBytes(problem);
    exchange.getResponseHeaders().set("Content-Type", "application/problem+json");
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  private static boolean wantsStream(HttpExchange exchange) {
    return String.valueOf(exchange.getRequestHeaders().getFirst("Accept")).contains("event-stream");
  }

  private void serveFile(HttpExchange exchange, String path) throws IOException {
    Path file = files.resolve(path.substring(1)).normalize();
    if (!file.startsWith(files) || !Files.isRegularFile(file)) {
      exchange.sendResponseHeaders(404, -1);
      return;
    }
    String name = file.getFileName().toString();
    String type = TYPES.getOrDefault(name.substring(name.lastIndexOf('.') + 1), "text/plain");
    exchange.getResponseHeaders().set("Content-Type", type);
    send(exchange, Files.readAllBytes(file));
  }

  private void serveAnswer(HttpExchange exchange, String resource) throws IOException {
    Object answer = answer(resource, query(exchange));
    if (answer == null) {
      exchange.sendResponseHeaders(404, -1);
      return;
    }
    answers.incrementAndGet();
    byte[] body = json.writeValueAsBytes(answer);
    CRC32C sum = new CRC32C();
    sum.update(body);
    String tag = "\"%08x\"".formatted(sum.getValue());
    exchange.getResponseHeaders().set("ETag", tag);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    if (tag.equals(exchange.getRequestHeaders().getFirst("If-None-Match"))) {
      exchange.sendResponseHeaders(304, -1);
    } else {
      send(exchange, body);
    }
  }

  private static void send(HttpExchange exchange, byte[] body) throws IOException {
    exchange.sendResponseHeaders(200, body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
  }

  private static Map<String, String> query(HttpExchange exchange) {
    Map<String, String> query = new LinkedHashMap<>();
    String text = exchange.getRequestURI().getRawQuery();
    for (String part : text == null ? new String[0] : text.split("&")) {
      int cut = part.indexOf('=');
      query.put(
          part.substring(0, cut),
          URLDecoder.decode(part.substring(cut + 1), StandardCharsets.UTF_8));
    }
    return query;
  }

  private @Nullable Object answer(String resource, Map<String, String> query) {
    Instant now = Instant.now();
    long tick = now.getEpochSecond();
    int limit = Integer.parseInt(query.getOrDefault("limit", "100"));
    if (resource.startsWith(SPACE)) {
      return spaceAnswer(resource.substring(SPACE.length()), query, limit, tick);
    }
    if (resource.startsWith("hosts/host-")) {
      return fleet.hostDetail(Integer.parseInt(resource.substring("hosts/host-".length())), tick);
    }
    if (resource.startsWith("agents/")) {
      return fleet.agentDetail(resource.substring("agents/".length()), tick);
    }
    if (resource.startsWith("fences/")) {
      return fleet.fenceDetail(resource.substring("fences/".length()), now);
    }
    return switch (resource) {
      case "status" -> fleet.status(now, mode == Mode.RECOVERING);
      case "graph" -> fleet.graph();
      case "hosts" -> list(fleet.hostList(tick));
      case "agents" -> list(fleet.agentList(tick));
      case "devices" -> list(fleet.deviceList(tick));
      case "address-spaces" -> list(List.of(space.view(tick)));
      case "fences" -> list(fleet.fenceList(now, query.containsKey("state"), limit));
      case "waits" ->
          fleet.waits(
              now,
              Integer.parseInt(query.getOrDefault("seconds", "300")),
              Integer.parseInt(query.getOrDefault("step", "1")));
      case "programs" -> list(List.of());
      case "events" -> events(tick);
      default -> null;
    };
  }

  private @Nullable Object spaceAnswer(
      String rest, Map<String, String> query, int limit, long tick) {
    long start = Long.decode(query.getOrDefault("start", "-1"));
    long end = Long.decode(query.getOrDefault("end", "0x800000000000"));
    if (rest.startsWith("/pages/")) {
      return space.page(Long.decode(rest.substring("/pages/".length())), tick);
    }
    int from = Integer.parseInt(query.getOrDefault("cursor", "0"));
    int cells = Integer.parseInt(query.getOrDefault("cells", "256"));
    return switch (rest) {
      case "" -> space.view(tick);
      case "/ranges" -> space.ranges(start, end, from, limit, tick);
      case "/map" -> space.map(start, end, cells, tick);
      default -> null;
    };
  }

  private static Map<String, Object> list(List<?> items) {
    Map<String, Object> list = new LinkedHashMap<>();
    list.put("items", items);
    list.put("nextCursor", null);
    list.put("truncated", false);
    list.put("unavailableHosts", List.of());
    return list;
  }

  private static Map<String, Object> events(long tick) {
    Map<String, Object> page = list(List.of());
    page.put("nextAfter", "9c1185a5c5e9fc54-" + tick);
    return page;
  }

  /** Twenty events a second. */
  private void serveEvents(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    try (OutputStream out = exchange.getResponseBody()) {
      for (long number = 1; !threads.isShutdown(); number++) {
        Map<String, Object> event = new LinkedHashMap<>();
        event.put("id", "9c1185a5c5e9fc54-" + number);
        event.put("at", Instant.now().toString());
        event.put("kind", "fence-overdue");
        event.put("device", FakeSpace.device((int) (number % DEVICES)));
        event.put("message", "event " + number);
        String text =
            "id: " + event.get("id") + "\ndata: " + json.writeValueAsString(event) + "\n\n";
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
        Thread.sleep(50);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
    server.stop(0);
  }

  /** To look at it: the address is printed, Ctrl-C ends it. */
  public static void main(String... arguments) throws Exception {
    try (FakeInstallation installation = start(Path.of(arguments[0]).toAbsolutePath())) {
      System.out.println(installation.origin());
      Thread.currentThread().join();
    }
  }
}
