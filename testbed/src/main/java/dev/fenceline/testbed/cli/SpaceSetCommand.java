package dev.fenceline.testbed.cli;

import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Paths;
import dev.fenceline.client.rest.Query;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/**
 * {@code fenceline space set}: what was said when the address space was created. Confined to the
 * main thread.
 */
@Command(
    name = "set",
    description =
        "Changes how an address space notifies, and what it counts when memory is short (role"
            + " admin); what is not named stays.")
final class SpaceSetCommand extends WriteCommand {
  @Parameters(paramLabel = "SPACE", description = "Host and number, such as host-1.1.")
  private String space = "";

  @Option(names = "--mode", paramLabel = "MODE", description = "split or sequential.")
  private @Nullable String mode;

  @Option(
      names = "--oom-score-adjust",
      paramLabel = "N",
      description =
          "Thousandths of the host's memory by which it counts as larger when somebody has to be"
              + " killed for want of memory, -1000 (never) to 1000.")
  private @Nullable Integer oomScoreAdjust;

  @Override
  JsonNode change(CoordinatorClient coordinator) {
    if (mode == null && oomScoreAdjust == null) {
      throw new IllegalArgumentException("nothing is to be set: name --mode or --oom-score-adjust");
    }
    String path = Paths.space(space) + "/policy";
    Map<String, Object> policy = new LinkedHashMap<>();
    policy.put("notificationMode", mode != null ? mode : modeNow(coordinator, path));
    if (oomScoreAdjust != null) {
      policy.put("oomScoreAdjust", oomScoreAdjust);
    }
    return coordinator.put(path, policy);
  }

  private static String modeNow(CoordinatorClient coordinator, String path) {
    return coordinator.document(path, Query.all()).path("notificationMode").asString("");
  }
}
