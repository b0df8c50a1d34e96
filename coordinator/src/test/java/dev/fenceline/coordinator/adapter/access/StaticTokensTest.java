package dev.fenceline.coordinator.adapter.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.coordinator.support.Installation;
import dev.fenceline.coordinator.support.RunningCoordinator;
import dev.fenceline.coordinator.support.RunningCoordinator.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StaticTokensTest {
  private static final String VIEWER = "viewer-token-0123456789";
  private static final String OPERATOR = "operator-token-0123456789";
  private static final String ADMIN = "admin-token-0123456789";
  private static final String OPERATIONS = "/address-spaces/host-1.1/operations";
  private static final String INVALIDATE =
      "{\"type\":\"invalidate\",\"address\":\"0x7f0000000000\",\"length\":4096}";
  private static final String POLICY =
      "{\"quarantineStrikes\":5,\"quarantineWindowSeconds\":10,\"quarantineHoldSeconds\":1,"
          + "\"quarantineGreatestHoldSeconds\":8,\"defaultNotificationMode\":\"split\"}";

  @TempDir static Path directory;
  private static Path tokens;
  private static RunningCoordinator coordinator;
  private static Installation installation;

  @BeforeAll
  static void start() throws IOException {
    tokens = directory.resolve("tokens.yaml");
    Files.writeString(
        tokens, entry("vera", "viewer", VIEWER) + entry("olga", "operator", OPERATOR));
    Files.writeString(
        tokens, "tokens:\n" + Files.readString(tokens) + entry("ada", "admin", ADMIN));
    coordinator = RunningCoordinator.start("--fenceline.rest.auth.tokens-file=" + tokens);
    installation = new Installation(coordinator.grpcPort());
    for (String path : List.of("/hosts", "/agents")) {
      await(path, each -> each.body().path("items").size() == 2);
    }
  }

  private static void await(String path, Predicate<Answer> wanted) {
    long began = System.nanoTime();
    Answer answer = as(VIEWER, "GET", path, "");
    while (!wanted.test(answer)) {
      assertThat(System.nanoTime() - began)
          .as("%s still answers %s", path, answer.response().body())
          .isLessThan(TimeUnit.SECONDS.toNanos(60));
      LockSupport.parkNanos(10_000_000);
      answer = as(VIEWER, "GET", path, "");
    }
  }

  @AfterAll
  static void stop() {
    installation.close();
    coordinator.close();
  }

  @Test
  void withoutToken_nothingIsToldButWhetherItLives() {
    for (String path :
        List.of(
            "/api/v1/hosts",
            "/api/v1/status",
            "/api/v1/events",
            "/api/v1/session",
            "/api/v1/sd/prometheus",
            "/sd/prometheus",
            "/actuator/prometheus",
            "/actuator",
            "/actuator/info",
            "/actuator/env",
            "/actuator/heapdump",
            "/v3/api-docs",
            "/swagger-ui.html",
            "/swagger-ui/index.html",
            "/h2-console",
            "/nothing")) {
      Answer answer = coordinator.send("GET", path);
      assertThat(answer.status()).as(path).isEqualTo(401);
      assertThat(answer.problem()).as(path).isEqualTo("unauthenticated");
      assertThat(answer.contentType()).as(path).startsWith("application/problem+json");
    }
    assertThat(
            coordinator
                .send("GET", "/api/v1/hosts")
                .response()
                .headers()
                .firstValue("WWW-Authenticate"))
        .contains("Bearer realm=\"fenceline\"");
    assertThat(coordinator.send("GET", "/actuator/health/liveness").status()).isEqualTo(200);
    assertThat(coordinator.send("GET", "/actuator/health/readiness").status()).isEqualTo(200);
    assertThat(coordinator.send("GET", "/index.html").status()).isIn(200, 404);
  }

  @Test
  void viewer_readsAndDoesNotWrite() {
    assertThat(as(VIEWER, "GET", "/status", "").status()).isEqualTo(200);
    assertThat(as(VIEWER, "GET", "/session", "").body().path("name").asString()).isEqualTo("vera");
    assertThat(as(VIEWER, "GET", "/session", "").body().path("role").asString())
        .isEqualTo("viewer");
    int before = installation.host1.commands.received.size();
    for (String path :
        List.of(
            OPERATIONS,
            "/address-spaces",
            "/programs",
            "/agents/agent-1/drain",
            "/agents/agent-1/return",
            "/agents/agent-1/quarantine",
            "/devices/agent-1/0/drain",
            "/devices/agent-1/0/return")) {
      Answer answer = as(VIEWER, "POST", path, INVALIDATE);
      assertThat(answer.status()).as(path).isEqualTo(403);
      assertThat(answer.problem()).as(path).isEqualTo("forbidden");
    }
    assertThat(as(VIEWER, "DELETE", "/address-spaces/host-1.1", "").status()).isEqualTo(403);
    assertThat(as(VIEWER, "DELETE", "/programs/agent-1.1", "").status()).isEqualTo(403);
    assertThat(as(VIEWER, "PUT", "/hosts/host-1/policy", POLICY).status()).isEqualTo(403);
    assertThat(installation.host1.commands.received).hasSize(before);
  }

  @Test
  void operator_writesButSetsNoPolicies() {
    assertThat(as(OPERATOR, "POST", OPERATIONS, INVALIDATE).status()).isEqualTo(200);
    assertThat(as(OPERATOR, "PUT", "/hosts/host-1/policy", POLICY).status()).isEqualTo(403);
    assertThat(as(OPERATOR, "DELETE", "/pins/host-1.1", "").status()).isEqualTo(403);
    assertThat(as(OPERATOR, "PUT", "/address-spaces/host-1.1/policy", "{}").status())
        .isEqualTo(403);
    await(
        "/events?kind=operator-action",
        each -> each.response().body().contains("\"actor\":\"olga\""));
  }

  @Test
  void admin_mayDoEverything() {
    assertThat(as(ADMIN, "PUT", "/hosts/host-1/policy", POLICY).status()).isEqualTo(200);
    assertThat(as(ADMIN, "DELETE", "/pins/host-1.1", "").status()).isEqualTo(200);
    assertThat(coordinator.send("GET", "/actuator/info", bearer(ADMIN)).status()).isEqualTo(200);
    assertThat(coordinator.send("GET", "/actuator/env", bearer(ADMIN)).status()).isEqualTo(404);
    assertThat(coordinator.send("GET", "/v3/api-docs", bearer(VIEWER)).status()).isEqualTo(200);
  }

  @Test
  void wrongTokens_areRefusedAndSlowedDown() throws IOException {
    try (RunningCoordinator other =
        RunningCoordinator.start("--fenceline.rest.auth.tokens-file=" + tokens)) {
      Answer wrong = other.send("GET", "/api/v1/status", bearer("guess-0123456789012"));
      assertThat(wrong.status()).isEqualTo(401);
      assertThat(wrong.response().headers().firstValue("WWW-Authenticate").orElse(""))
          .contains("invalid_token");
      List<Integer> statuses = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        statuses.add(other.send("GET", "/api/v1/status", bearer("guess-" + i)).status());
      }
      assertThat(statuses).contains(429);
      assertThat(other.send("GET", "/api/v1/status", "Authorization", "Basic eDp5").status())
          .isIn(401, 429);
    }
  }

  @Test
  void login_isACookieThatPagesOfOthersCannotUse() {
    Answer login = coordinator.write("POST", "/session", "{\"token\":\"" + OPERATOR + "\"}");
    assertThat(login.status()).as(login.response().body()).isEqualTo(200);
    String set = login.response().headers().firstValue("Set-Cookie").orElseThrow();
    assertThat(set).contains("HttpOnly", "SameSite=Strict", "Path=/");
    assertThat(set).doesNotContain(OPERATOR);
    String cookie = set.substring(0, set.indexOf(';'));
    String self = "http://localhost:" + coordinator.httpPort();
    assertThat(coordinator.send("GET", "/api/v1/hosts", "Cookie", cookie).status()).isEqualTo(200);
    Answer own =
        coordinator.write("POST", OPERATIONS, INVALIDATE, "Cookie", cookie, "Origin", self);
    assertThat(own.status()).isEqualTo(200);
    Answer foreign =
        coordinator.write(
            "POST", OPERATIONS, INVALIDATE, "Cookie", cookie, "Origin", "http://evil.example");
    assertThat(foreign.status()).isEqualTo(403);
    assertThat(foreign.problem()).isEqualTo("cross-site-request");
    Answer unsaid = coordinator.write("POST", OPERATIONS, INVALIDATE, "Cookie", cookie);
    assertThat(unsaid.status()).isEqualTo(403);
    Answer out = coordinator.send("DELETE", "/api/v1/session", "Cookie", cookie, "Origin", self);
    assertThat(out.status()).isEqualTo(204);
    assertThat(coordinator.send("GET", "/api/v1/hosts", "Cookie", cookie).status()).isEqualTo(401);
    assertThat(coordinator.write("POST", "/session", "{\"token\":\"wrong\"}").status())
        .isEqualTo(401);
  }

  @Test
  void everyAnswer_carriesTheHeadersOfABrowsersSafety() {
    for (String path : List.of("/api/v1/status", "/api/v1/hosts", "/index.html", "/nothing")) {
      var headers = coordinator.send("GET", path).response().headers();
      assertThat(headers.firstValue("X-Content-Type-Options")).as(path).contains("nosniff");
      assertThat(headers.firstValue("Content-Security-Policy").orElse(""))
          .as(path)
          .contains("default-src 'self'", "frame-ancestors 'none'")
          .doesNotContain("unsafe");
      assertThat(headers.firstValue("X-Frame-Options")).as(path).contains("DENY");
    }
  }

  @Test
  void pathsThatMeanOthers_areRefused() {
    for (String path :
        List.of(
            "/api/v1/hosts;x=1",
            "/api/v1/..;/actuator/env",
            "/actuator/health/..%2fenv",
            "/actuator/health/%2e%2e/env",
            "/api//v1/hosts",
            "/api/v1/hosts%00",
            "/api/v1/hosts%2fhost-1",
            "/api/v1/hosts%5chost-1",
            "/index.html/../actuator/env",
            "/js/..%252factuator/env",
            "/API/V1/hosts",
            "/api/v1/hosts/")) {
      Answer answer = coordinator.send("GET", path);
      assertThat(answer.status()).as(path).isIn(400, 401, 403, 404);
      assertThat(answer.response().body()).as(path).doesNotContain("org.springframework", "java.");
    }
  }

  @Test
  void headersThatAreTooLong_areRefused() {
    Answer answer = coordinator.send("GET", "/api/v1/status", "X-Long", "x".repeat(20_000));
    assertThat(answer.status()).isIn(400, 431);
    Answer token = coordinator.send("GET", "/api/v1/status", bearer("x".repeat(7_000)));
    assertThat(token.status()).isIn(401, 429);
  }

  @Test
  void fileThatChanges_isReadAgain() throws Exception {
    Path file = directory.resolve("changing.yaml");
    Files.writeString(file, "tokens:\n" + entry("eve", "viewer", "eve-token-0123456789"));
    long[] now = {0};
    TokenFile known = new TokenFile(file, () -> now[0]);
    assertThat(known.caller("eve-token-0123456789")).isPresent();
    Files.writeString(file, "tokens:\n" + entry("eva", "admin", "eva-token-0123456789"));
    Files.setLastModifiedTime(
        file, java.nio.file.attribute.FileTime.fromMillis(System.currentTimeMillis() + 5_000));
    assertThat(known.caller("eve-token-0123456789")).as("looked at not too often").isPresent();
    now[0] = 2_000_000_000L;
    assertThat(known.caller("eve-token-0123456789")).isEmpty();
    assertThat(known.caller("eva-token-0123456789").orElseThrow().role()).isEqualTo(Role.ADMIN);
    Files.writeString(file, "nonsense: [");
    Files.setLastModifiedTime(
        file, java.nio.file.attribute.FileTime.fromMillis(System.currentTimeMillis() + 9_000));
    now[0] = 4_000_000_000L;
    assertThat(known.caller("eva-token-0123456789")).as("stays in force").isPresent();
  }

  private static String entry(String name, String role, String token) {
    return "- {name: %s, role: %s, sha256: %s}\n".formatted(name, role, Secrets.hash(token));
  }

  private static String[] bearer(String token) {
    return new String[] {"Authorization", "Bearer " + token};
  }

  private static Answer as(String token, String method, String path, String body) {
    return body.isEmpty()
        ? coordinator.send(method, "/api/v1" + path, bearer(token))
        : coordinator.write(method, path, body, bearer(token));
  }
}
