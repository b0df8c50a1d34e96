package dev.fenceline.coordinator.adapter.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.coordinator.support.RunningCoordinator;
import dev.fenceline.coordinator.support.RunningCoordinator.Answer;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LimitsTest {
  @Test
  void callerWhoAsksTooOften_isToldToWait() {
    try (RunningCoordinator coordinator =
        RunningCoordinator.start(
            "--fenceline.rest.limits.requests-per-second=1", "--fenceline.rest.limits.burst=5")) {
      Answer answer = coordinator.get("/status");
      assertThat(answer.status()).isEqualTo(200);
      int more = 0;
      while (answer.status() == 200) { // a slow machine earns itself some more than the burst
        assertThat(more++).isLessThan(500);
        answer = coordinator.get("/status");
      }
      Answer refused = answer;
      assertThat(refused.status()).isEqualTo(429);
      assertThat(refused.problem()).isEqualTo("rate-limited");
      assertThat(refused.response().headers().firstValue("Retry-After")).contains("1");
    }
  }

  /** Who opens connections and dribbles holds neither a thread nor a connection for long. */
  @Test
  void requestThatDoesNotCome_isEnded_andOthersAreServed() throws Exception {
    try (RunningCoordinator coordinator =
        RunningCoordinator.start("--server.tomcat.connection-timeout=1s")) {
      for (String begun :
          List.of(
              "",
              "GET /api/v1/status HT",
              "GET /api/v1/status HTTP/1.1\r\nHost: x\r\nX-A",
              "POST /api/v1/address-spaces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                  + "Content-Length: 100\r\n\r\n{")) {
        try (Socket slow = new Socket(InetAddress.getLoopbackAddress(), coordinator.httpPort())) {
          slow.setSoTimeout(60_000);
          slow.getOutputStream().write(begun.getBytes(StandardCharsets.US_ASCII));
          assertThat(coordinator.get("/status").status()).isEqualTo(200);
          String answer =
              new String(slow.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
          assertThat(answer.isEmpty() || answer.startsWith("HTTP/1.1 4")).as(answer).isTrue();
        }
      }
      assertThat(coordinator.get("/status").status()).isEqualTo(200);
    }
  }

  @Test
  void openNetworkWithoutAccessControl_isRefusedAtTheStart() {
    assertThatThrownBy(
            () ->
                RunningCoordinator.start(
                    "--server.address=0.0.0.0", "--fenceline.rest.auth.mode=off"))
        .rootCause()
        .hasMessageContaining("server.address is 0.0.0.0, which is not loopback");
    assertThatThrownBy(() -> RunningCoordinator.start("--fenceline.rest.auth.mode=static"))
        .rootCause()
        .hasMessageContaining("tokens-file");
    assertThatThrownBy(() -> RunningCoordinator.start("--fenceline.rest.auth.mode=oidc"))
        .rootCause()
        .hasMessageContaining("issuer-uri");
  }

  @Test
  void tokensFileThatCannotBeUsed_isRefusedAtTheStart(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("tokens.yaml");
    assertThatThrownBy(() -> new TokenFile(file, () -> 0)).hasMessageContaining("cannot be read");
    for (String text :
        List.of(
            "",
            "tokens: 7",
            "tokens: [{name: x}]",
            "tokens: [{name: 'a b', role: viewer, sha256: 00}]",
            "tokens: [{name: ab, role: cook, token: abcdefghijklmnop}]",
            "tokens: [{name: ab, role: viewer, token: short}]",
            "{{{")) {
      Files.writeString(file, text);
      assertThatThrownBy(() -> new TokenFile(file, () -> 0))
          .as(text)
          .isInstanceOf(UnusableTokenFile.class)
          .hasMessageNotContaining("abcdefghijklmnop");
    }
  }
}
