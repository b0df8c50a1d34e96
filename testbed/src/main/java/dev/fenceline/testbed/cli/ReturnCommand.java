package dev.fenceline.testbed.cli;

import dev.fenceline.client.rest.CoordinatorClient;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/**
 * {@code fenceline return}: takes a device or an agent back into service. Confined to the main
 * thread.
 */
@Command(
    name = "return",
    description =
        "Takes a drained device or agent back into service; an agent comes back from quarantine at every host as well.")
final class ReturnCommand extends WriteCommand {
  @Parameters(paramLabel = "AGENT|DEVICE", description = "agent-1, or agent-1/0.")
  private String target = "";

  @Override
  JsonNode change(CoordinatorClient coordinator) {
    return coordinator.post(Targets.path(target) + "/return", Map.of());
  }
}
