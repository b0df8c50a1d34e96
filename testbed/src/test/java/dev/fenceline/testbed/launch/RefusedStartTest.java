package dev.fenceline.testbed.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Services that cannot start: what they say, and with which code the process ends. */
@Tag("processes")
@Timeout(300)
class RefusedStartTest {
  private static final int CONFIGURATION = 78;
  private static final int UNAVAILABLE = 69;

  @TempDir private Path directory = Path.of("");

  /** How a process ended, and what it wrote. */
  private record Ending(int code, String output) {}

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          HOST        | --fenceline.host.lease.ttl=0s                  | fenceline.host
          HOST        | --fenceline.host.host-id=a/b                   | hostId
          HOST        | --fenceline.host.coordinators=nowhere          | must be host:port
          AGENT       | --fenceline.agent.agent-id=                    | agentId
          COORDINATOR | --fenceline.security.certificate=nix.crt       | fenceline.security
          COORDINATOR | --fenceline.coordinator.report-interval=5m     | report
          COORDINATOR | --fenceline.rest.auth.tokens-file=nix.yaml     | nix.yaml
          COORDINATOR | --spring.grpc.server.address=0.0.0.0           | fenceline.security
          """)
  void settingThatCannotBe_endsWithTheCodeOfConfiguration(
      ServiceKind kind, String option, String named) throws Exception {
    Ending ending = start(kind, option);
    assertThat(ending.code()).as(ending.output()).isEqualTo(CONFIGURATION);
    assertToldOnce(ending, named);
  }

  @Test
  void portThatIsTaken_endsWithItsOwnCode() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      for (String option : List.of("--server.port=", "--spring.grpc.server.port=")) {
        Ending ending = start(ServiceKind.COORDINATOR, option + port);
        assertThat(ending.code()).as(ending.output()).isEqualTo(UNAVAILABLE);
        assertToldOnce(ending, port);
      }
    }
  }

  /** What is wrong stands in the description; a stack trace would hide it. */
  private static void assertToldOnce(Ending ending, String named) {
    assertThat(ending.output()).contains("APPLICATION FAILED TO START").contains("Action:");
    String description = ending.output().split("Description:", 2)[1];
    assertThat(description).contains(named);
    assertThat(ending.output()).doesNotContain("\tat ");
  }

  private Ending start(ServiceKind kind, String option) throws Exception {
    Installation installation = Installation.current();
    assumeTrue(
        Files.exists(installation.root().resolve("coordinator/target/classpath.txt")),
        "the services are not packaged");
    List<String> command = new ArrayList<>(installation.command(kind));
    command.add("--spring.main.banner-mode=off");
    command.add("--server.port=0");
    command.add("--spring.grpc.server.port=0");
    if (kind == ServiceKind.AGENT) {
      command.add("--fenceline.agent.agent-id=agent-1");
    }
    String name = option.substring(0, option.indexOf('=') + 1);
    command.removeIf(each -> each.startsWith(name));
    command.add(option);
    Path log = directory.resolve("log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
      return new Ending(process.exitValue(), Files.readString(log, StandardCharsets.UTF_8));
    } finally {
      process.destroyForcibly();
    }
  }
}
