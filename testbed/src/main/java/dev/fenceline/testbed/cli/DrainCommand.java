package dev.fenceline.testbed.cli;

import dev.fenceline.client.rest.CoordinatorClient;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/**
 * {@code fenceline drain}: takes a device or an agent out of service in good order. Confined to the
 * main thread.
 */
@Command(
    name = "drain",
    description =
        "Takes a device (agent-1/0) or all of an agent (agent-1) out of service: no new programs, those that run end.")
final class DrainCommand extends WriteCommand {
  @Parameters(paramLabel = "AGENT|DEVICE", description = "agent-1, or agent-1/0.")
  private String target = "";

  @Option(
      names = "--deadline",
      paramLabel = "SECONDS",
      description = "Programs that still run then are preempted (default: 30).")
  private int deadlineSeconds = 30;

  @Option(names = "--reason", paramLabel = "TEXT", description = "For people.")
  private String reason = "";

  @Override
  JsonNode change(CoordinatorClient coordinator) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("deadlineSeconds", deadlineSeconds);
    body.put("reason", reason);
    return coordinator.post(Targets.path(target) + "/drain", body);
  }
}
