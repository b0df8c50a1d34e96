package dev.fenceline.testbed.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Logs as JSON on request, with the ids by which lines of several services are put together. */
@Tag("processes")
@Timeout(600)
class StructuredLogTest {
  private static final long READY_WITHIN_SECONDS = 240;
  private static final long LINE_WITHIN_SECONDS = 120;

  @TempDir private Path directory;
  private final List<ServiceProcess> started = new ArrayList<>();
  private final JsonMapper json = JsonMapper.builder().build();

  @AfterEach
  void stop() {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    for (ServiceProcess process : started.reversed()) {
      process.terminate();
      process.stop(deadline);
    }
  }

  private ServiceProcess start(ServiceKind kind, String name, int grpcPort, String... options)
      throws Exception {
    List<String> command = Installation.current().command(kind);
    command.add("--logging.structured.format.console=ecs");
    command.add("--spring.grpc.server.port=" + grpcPort);
    command.add("--server.port=0");
    command.addAll(List.of(options));
    ServiceProcess process = ServiceProcess.start(name, directory.resolve(name + ".log"), command);
    started.add(process);
    return process;
  }

  @Test
  void sessionLines_areJsonWithIds() throws Exception {
    assumeTrue(
        Files.exists(Installation.current().root().resolve("mm-host/target/classpath.txt")),
        "the services are not packaged");
    List<Integer> ports = Ports.free(2);
    ServiceProcess host =
        start(ServiceKind.HOST, "host", ports.get(0), "--fenceline.host.arena=16MB");
    ServiceProcess agent =
        start(
            ServiceKind.AGENT,
            "agent",
            ports.get(1),
            "--fenceline.agent.agent-id=agent-7",
            "--fenceline.agent.hosts=127.0.0.1:" + ports.get(0));
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_WITHIN_SECONDS);
    host.awaitReady(deadline);
    agent.awaitReady(deadline);

    JsonNode atHost = line(host, line -> line.path("message").asString("").contains("ATTACHED"));
    assertThat(atHost.path("agentId").asString("")).isEqualTo("agent-7");
    assertThat(atHost.path("hostId").asString("")).isEqualTo("host-1");
    assertThat(atHost.path("sessionId").asString("")).matches("[0-9a-f]{16}");
    assertThat(atHost.path("log").path("level").asString("")).isEqualTo("INFO");

    JsonNode atAgent =
        line(agent, line -> line.path("message").asString("").contains(" with host host-1"));
    assertThat(atAgent.path("agentId").asString("")).isEqualTo("agent-7");
    assertThat(atAgent.path("hostId").asString("")).isEqualTo("host-1");
    assertThat(atAgent.path("sessionId")).isEqualTo(atHost.path("sessionId"));
  }

  /** Waits for the line; every line but the launcher's, and the virtual machine's, is JSON. */
  private JsonNode line(ServiceProcess process, Predicate<JsonNode> wanted) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LINE_WITHIN_SECONDS);
    while (System.nanoTime() - deadline < 0) {
      Optional<JsonNode> found = lines(process).stream().filter(wanted).findFirst();
      if (found.isPresent()) {
        return found.get();
      }
      Thread.sleep(100);
    }
    throw new AssertionError("no such line:\n" + Files.readString(process.log()));
  }

  private List<JsonNode> lines(ServiceProcess process) throws IOException {
    String text = Files.readString(process.log());
    List<JsonNode> lines = new ArrayList<>();
    // The last line may not have been written to its end.
    for (String line : text.substring(0, text.lastIndexOf('\n') + 1).split("\n")) {
      if (!line.isEmpty() && !line.startsWith("fenceline-") && !ofTheVirtualMachine(line)) {
        lines.add(json.readTree(line));
      }
    }
    return lines;
  }

  /** Such as a machine with little memory makes it say; no framework can format them. */
  private static boolean ofTheVirtualMachine(String line) {
    return line.startsWith("OpenJDK ") || line.matches("\\[[0-9.,]+s\\]\\[.*");
  }
}
