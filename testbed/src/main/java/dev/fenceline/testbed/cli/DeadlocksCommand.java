package dev.fenceline.testbed.cli;

import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Query;
import dev.fenceline.testbed.text.Style;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/**
 * {@code fenceline deadlocks}: circles of waits and what broke them. Confined to the main thread.
 */
@Command(
    name = "deadlocks",
    description =
        "Circles of waits that were found, and what broke them; --breaker switches the breaking.")
final class DeadlocksCommand extends OperatorCommand {
  /** The switch's positions. */
  enum Position {
    on,
    off
  }

  @Option(
      names = "--breaker",
      paramLabel = "on|off",
      description = "Switches the breaking of circles on or off first (role admin).")
  private @Nullable Position position;

  @Override
  boolean repeats() {
    return position == null;
  }

  @Override
  void show(CoordinatorClient coordinator, Screen screen) {
    if (position != null) {
      coordinator.put("/deadlocks/breaker", Map.of("enabled", position == Position.on));
    }
    JsonNode document = coordinator.document("/deadlocks", Query.all());
    if (!asTable()) {
      documents().write(document);
      return;
    }
    screen.line("the breaker is " + (document.path("breakerOn").asBoolean() ? "on" : "off"));
    for (JsonNode each : document.path("items")) {
      String state = each.path("state").asString();
      screen.line(
          state.equals("standing") ? Style.BAD : Style.DOUBTFUL,
          "%d %s since %s, seen last %s, remedy: %s (applied %d times): %s"
              .formatted(
                  each.path("number").asLong(),
                  state,
                  each.path("firstSeenAt").asString(),
                  each.path("lastSeenAt").asString(),
                  each.path("remedy").isNull() ? "none" : each.path("remedy").asString(),
                  each.path("attempts").asInt(),
                  each.path("why").asString()));
    }
    if (document.path("items").isEmpty()) {
      screen.line("no circle of waits was seen");
    }
  }
}
