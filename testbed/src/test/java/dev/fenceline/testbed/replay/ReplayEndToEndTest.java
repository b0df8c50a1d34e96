package dev.fenceline.testbed.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fenceline.testbed.launch.Installation;
import dev.fenceline.testbed.launch.Interruption;
import dev.fenceline.testbed.launch.ServiceProcess;
import dev.fenceline.testbed.launch.Stack;
import dev.fenceline.testbed.launch.StackSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Recordings on real processes; needs the services' packages, which `mvn verify` has built. */
@Tag("processes")
@Timeout(600)
class ReplayEndToEndTest {
  @TempDir private static Path directory = Path.of("");
  private static final List<ServiceProcess> PROCESSES = new ArrayList<>();

  private static Interruption interruption = Interruption.install(Duration.ZERO);
  private static List<String> addresses = List.of();

  @BeforeAll
  @Timeout(600)
  static void startServices() throws Exception {
    Installation installation = Installation.current();
    assumeTrue(
        Files.exists(installation.root().resolve("coordinator/target/classpath.txt")),
        "the services are not packaged");
    Stack stack =
        Stack.start(installation, StackSpec.of(directory.resolve("run"), 2, 1), interruption);
    PROCESSES.addAll(stack.processes());
    List<String> options = new ArrayList<>(List.of("--host", stack.host().grpcAddress()));
    for (ServiceProcess agent : stack.agents()) {
      options.addAll(List.of("--agent", agent.grpcAddress()));
    }
    options.addAll(List.of("--coordinator", stack.coordinator().httpAddress()));
    addresses = options;
  }

  /** No service outlives its launcher. */
  @AfterAll
  @Timeout(120)
  static void stopServices() {
    interruption.close();
    assertThat(PROCESSES).noneMatch(ServiceProcess::alive);
  }

  private static int replay(Path trace, String... options) {
    List<String> arguments = new ArrayList<>(List.of(trace.toString()));
    arguments.addAll(addresses);
    arguments.addAll(List.of(options));
    return new CommandLine(new ReplayCommand()).execute(arguments.toArray(String[]::new));
  }

  @Test
  void recordedSort_isReplayedWithoutAViolation() throws Exception {
    Path report = directory.resolve("sort.json");
    Path trace = Installation.current().root().resolve("testbed/traces/sort.strace");
    assertThat(replay(trace, "--devices", "2", "--report", report.toString())).isZero();
    JsonNode json = JsonMapper.builder().build().readTree(Files.readString(report));
    assertThat(json.path("violations").asInt(-1)).isZero();
    assertThat(json.path("invalidations").asInt(0)).isPositive();
    assertThat(json.path("checks").asInt(0)).isPositive();
    assertThat(json.path("operationsByKind").path("map").asInt(0)).isGreaterThanOrEqualTo(24);
    assertThat(json.path("modes").path("split").path("count").asInt(0)).isPositive();
  }

  @Test
  void recordedAccesses_areRepeatedByDevicesAndCpu() throws Exception {
    StringBuilder text = new StringBuilder("not an access\n");
    for (int i = 0; i < 3000; i++) {
      text.append(i % 3 == 0 ? " S " : i % 3 == 1 ? " L " : " M ")
          .append(Integer.toHexString(0x40_0000 + (i * 56) % 0x6000))
          .append(",8\n");
    }
    Path trace = Files.writeString(directory.resolve("lackey.trace"), text);
    Path report = directory.resolve("lackey.json");
    assertThat(replay(trace, "--devices", "2", "--no-compare", "--report", report.toString()))
        .isZero();
    JsonNode json = JsonMapper.builder().build().readTree(Files.readString(report));
    assertThat(json.path("skippedLines").asInt(-1)).isEqualTo(1);
    assertThat(json.path("checks").asInt(0)).isGreaterThan(3000);
  }

  @Test
  void fileWithoutAUsableLine_isAnError() throws Exception {
    Path trace = Files.writeString(directory.resolve("bad.trace"), "nothing\nof use\n");
    assertThat(replay(trace)).isEqualTo(2);
  }

  @Test
  void missingFile_isAnError() {
    assertThat(replay(directory.resolve("nowhere.strace"))).isEqualTo(2);
  }
}
