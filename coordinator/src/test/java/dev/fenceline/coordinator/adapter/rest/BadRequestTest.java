package dev.fenceline.coordinator.adapter.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.coordinator.support.Installation;
import dev.fenceline.coordinator.support.RunningCoordinator;
import dev.fenceline.coordinator.support.RunningCoordinator.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class BadRequestTest {
  private static final int GENERATED = 400;
  private static final String RANGES = "/address-spaces/host-1.1/ranges";
  private static final List<String> PIECES =
      List.of(
          "0x",
          "-1",
          "0",
          "4096",
          "4097",
          "9223372036854775807",
          "9223372036854775808",
          "18446744073709551616",
          "0x800000000000",
          "1e3",
          "NaN",
          "null",
          "host-1",
          ".",
          "..",
          "host-1.1",
          "agent-1/0",
          "/",
          "%",
          "\0",
          "\r\nX: y",
          "<script>",
          "'; DROP",
          "\u202e",
          "\ud83d\ude00",
          " ",
          "${jndi:ldap://x}",
          "#{1+1}",
          "A".repeat(300));
  private static final List<String> TEMPLATES =
      List.of(
          "/hosts/{}",
          "/hosts?limit={}",
          "/hosts?cursor={}",
          "/agents/{}",
          "/devices/agent-1/{}",
          "/devices/{}/0",
          "/address-spaces?cursor={}",
          "/address-spaces?host={}",
          "/address-spaces/{}",
          RANGES + "?start={}",
          RANGES + "?end={}",
          RANGES + "?device={}",
          RANGES + "?cursor={}",
          RANGES + "?limit={}",
          "/address-spaces/host-1.1/pages/{}",
          "/address-spaces/host-1.1/mirrors?start={}",
          "/fences?space={}",
          "/fences?state={}",
          "/fences/{}",
          "/fences?{}=1");

  private static RunningCoordinator coordinator;
  private static Installation installation;

  @BeforeAll
  static void start() throws IOException {
    coordinator = RunningCoordinator.start();
    installation = new Installation(coordinator.grpcPort());
    coordinator.ready();
    coordinator.await("/hosts", answer -> answer.body().path("items").size() == 2);
  }

  @AfterAll
  static void stop() {
    installation.close();
    coordinator.close();
  }

  @Test
  void valuesOfAnotherForm_areNamedWithTheAllowedForm() {
    assertInvalid(RANGES + "?start=0x7f0000000001", "start", "0x7f0000000001");
    assertInvalid(RANGES + "?start=-4096", "start", "-4096");
    assertInvalid(RANGES + "?end=0x800000001000", "end", "0x800000001000");
    assertInvalid(RANGES + "?start=0x2000&end=0x1000", "end", "0x1000");
    assertInvalid(RANGES + "?start=0x2000&end=0x2000", "end", "0x2000");
    assertInvalid(RANGES + "?start=0x800000000000", "start", "0x800000000000");
    assertInvalid(RANGES + "?start=0xfffffffffffff000", "start", "0xfffffffffffff000");
    assertInvalid(RANGES + "?device=agent-1", "device", "agent-1");
    assertInvalid(RANGES + "?device=agent-1/-1", "device", "agent-1/-1");
    assertInvalid(RANGES + "?limit=0", "limit", "0");
    assertInvalid(RANGES + "?limit=1001", "limit", "1001");
    assertInvalid(RANGES + "?limit=", "limit", "");
    assertInvalid(RANGES + "?limit=1&limit=2", "limit", "1, 2");
    assertInvalid(RANGES + "?cursor=AAAA", "cursor", "AAAA");
    assertInvalid("/address-spaces/host-1", "spaceId", "host-1");
    assertInvalid("/address-spaces/host-1.x", "spaceId", "host-1.x");
    assertInvalid(
        "/address-spaces/host-1.18446744073709551616", "spaceId", "host-1.18446744073709551616");
    assertInvalid("/address-spaces/host-1.1/pages/0x800000000000", "address", "0x800000000000");
    assertInvalid("/devices/agent-1/x", "index", "x");
    assertInvalid("/fences?state=late", "state", "late");
    assertInvalid("/hosts/a%20b", "hostId", "a b");
  }

  @Test
  void misspeltParameter_isRefusedInsteadOfIgnored() {
    Answer answer = coordinator.get(RANGES + "?devcie=agent-1/0");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body().path("detail").asString()).contains("'devcie'", "device");
  }

  @Test
  void cursorOfAnotherQuery_isRefused() {
    String cursor = coordinator.get(RANGES + "?limit=1").body().path("nextCursor").asString();
    assertThat(cursor).isNotEmpty();
    assertInvalid(RANGES + "?start=0x7f0000000000&cursor=" + cursor, "cursor", cursor);
    assertInvalid("/address-spaces/host-1.1/mirrors?cursor=" + cursor, "cursor", cursor);
  }

  @Test
  void forgedCursorWithAValidChecksum_isRefused() {
    String forged = Cursor.encode("address-spaces null", "no-slash");
    assertInvalid("/address-spaces?cursor=" + forged, "cursor", forged);
    String noNumber = Cursor.encode("mirrors host-1.1 null", "zz");
    assertInvalid("/address-spaces/host-1.1/mirrors?cursor=" + noNumber, "cursor", noNumber);
  }

  @Test
  void wrongMethodOrRepresentation_isAProblem() {
    Answer post = coordinator.send("POST", "/api/v1/hosts");
    assertThat(post.status()).isEqualTo(405);
    assertThat(post.problem()).isEqualTo("method-not-allowed");
    assertThat(post.response().headers().firstValue("allow")).contains("GET");
    Answer xml = coordinator.send("GET", "/api/v1/hosts", "Accept", "application/xml");
    assertThat(xml.status()).isEqualTo(406);
    assertThat(xml.problem()).isEqualTo("not-acceptable");
    assertThat(xml.contentType()).startsWith("application/problem+json");
    Answer html = coordinator.send("GET", "/api/v1/hosts/nobody", "Accept", "text/html");
    assertThat(html.status()).isIn(404, 406);
    assertThat(html.contentType()).startsWith("application/problem+json");
  }

  @Test
  void generatedAbuse_isNeverAFailureOfTheCoordinator() {
    Long only = Long.getLong("fenceline.seed");
    for (long seed = only == null ? 0 : only;
        seed < (only == null ? GENERATED : only + 1);
        seed++) {
      RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
      String path = generated(random);
      Answer answer = coordinator.get(path);
      String replay = "-Dtest=BadRequestTest -Dfenceline.seed=" + seed + ": " + path;
      assertThat(answer.status()).as(replay).isIn(200, 400, 404, 414);
      assertThat(answer.response().body())
          .as(replay)
          .doesNotContain("dev.fenceline.coordinator", "org.springframework", "java.", "<html");
      if (answer.status() != 200) {
        assertThat(answer.contentType()).as(replay).startsWith("application/problem+json");
      }
    }
  }

  @Test
  void requestsThatAreNoHttp_areAnsweredWithoutATrace() throws IOException {
    for (String line :
        List.of(
            "GET /api/v1/hosts/%2e%2e%2f%2e%2e HTTP/1.1",
            "GET /api/v1/hosts/%2F HTTP/1.1",
            "GET /api/v1/hosts/%zz HTTP/1.1",
            "GET /api/v1/hosts/{x} HTTP/1.1",
            "GET /api/v1/hosts/%00 HTTP/1.1",
            "GET /api/v1/hosts?limit=%ff%fe HTTP/1.1",
            "BREW /api/v1/hosts HTTP/1.1",
            "GET /" + "a".repeat(20_000) + " HTTP/1.1")) {
      String answer = raw(line);
      String shown = line.substring(0, Math.min(60, line.length())) + "\n" + answer;
      assertThat(answer).as(shown).matches("(?s)HTTP/1.1 (4\\d\\d|501).*");
      assertThat(answer).as(shown).doesNotContain("org.apache", "java.", "Exception");
    }
  }

  private static String raw(String requestLine) throws IOException {
    try (Socket socket = new Socket("localhost", coordinator.httpPort())) {
      socket.setSoTimeout(60_000);
      socket
          .getOutputStream()
          .write(
              (requestLine + "\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                  .getBytes(StandardCharsets.ISO_8859_1));
      InputStream in = socket.getInputStream();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String generated(RandomGenerator random) {
    StringBuilder value = new StringBuilder();
    for (int i = random.nextInt(3); i >= 0; i--) {
      value.append(PIECES.get(random.nextInt(PIECES.size())));
    }
    String template = TEMPLATES.get(random.nextInt(TEMPLATES.size()));
    return template.replace(
        "{}", URLEncoder.encode(value.toString(), StandardCharsets.UTF_8).replace("+", "%20"));
  }

  private static void assertInvalid(String path, String parameter, String value) {
    Answer answer = coordinator.get(path);
    assertThat(answer.status()).as(path).isEqualTo(400);
    assertThat(answer.problem()).as(path).isEqualTo("invalid-parameter");
    assertThat(answer.body().path("parameter").asString()).as(path).isEqualTo(parameter);
    assertThat(answer.body().path("value").asString()).as(path).isEqualTo(value);
    assertThat(answer.body().path("expected").asString()).as(path).isNotEmpty();
  }
}
