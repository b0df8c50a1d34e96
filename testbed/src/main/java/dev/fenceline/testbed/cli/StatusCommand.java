package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.CoordinatorStatus;
import dev.fenceline.client.resource.CoordinatorStatus.NodeCounts;
import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Query;
import dev.fenceline.testbed.text.Quantities;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import tools.jackson.databind.JsonNode;

/** {@code fenceline status}: the coordinator itself. Confined to the main thread. */
@Command(name = "status", description = "Is the coordinator ready, and who is there?")
final class StatusCommand extends OperatorCommand {
  @Override
  void show(CoordinatorClient coordinator, Screen screen) {
    JsonNode document = coordinator.document("/status", Query.all());
    if (!asTable()) {
      documents().write(document);
      return;
    }
    CoordinatorStatus status = coordinator.value(document, CoordinatorStatus.class);
    screen.line(
        "coordinator  "
            + screen.paint(States.style(status.state()), status.state())
            + left(status));
    screen.line("at           " + coordinator.server());
    screen.line("up           " + Quantities.age(status.uptimeMillis()));
    screen.line("hosts        " + counts(status.counts().hosts()));
    screen.line("agents       " + counts(status.counts().agents()));
    screen.line("devices      " + Quantities.count(status.counts().devices()));
  }

  private static String left(CoordinatorStatus status) {
    return status.ready()
        ? ""
        : "  (still "
            + States.millis(status.recoveryLeftMillis())
            + "; until then only this is answered)";
  }

  private static String counts(NodeCounts counts) {
    List<String> parts = new ArrayList<>(List.of(counts.live() + " live"));
    add(parts, counts.suspect(), "suspect");
    add(parts, counts.lost(), "lost");
    add(parts, counts.left(), "left");
    return String.join(", ", parts);
  }

  private static void add(List<String> parts, int count, String what) {
    if (count > 0) {
      parts.add(count + " " + what);
    }
  }
}
