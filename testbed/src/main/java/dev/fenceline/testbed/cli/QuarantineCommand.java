package dev.fenceline.testbed.cli;

import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Paths;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code fenceline quarantine}: keeps an agent out. Confined to the main thread. */
@Command(
    name = "quarantine",
    description =
        "Ends an agent's session and keeps it out until it is returned; its fences resolve as if its lease had run out.")
final class QuarantineCommand extends WriteCommand {
  @Parameters(paramLabel = "AGENT", description = "Id of an agent.")
  private String agent = "";

  @Option(
      names = "--reason",
      paramLabel = "TEXT",
      required = true,
      description = "Why; others will ask.")
  private String reason = "";

  @Option(
      names = "--hold",
      paramLabel = "SECONDS",
      description = "Returned by itself after this time (default: only by `return`).")
  private @Nullable Integer holdSeconds;

  @Option(
      names = "--host",
      paramLabel = "HOST",
      description = "At this host only (default: at every host).")
  private @Nullable String host;

  @Override
  JsonNode change(CoordinatorClient coordinator) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("reason", reason);
    if (holdSeconds != null) {
      body.put("holdSeconds", holdSeconds);
    }
    if (host != null) {
      body.put("hostId", host);
    }
    return coordinator.post(Paths.agent(agent) + "/quarantine", body);
  }
}
