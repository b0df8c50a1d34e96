package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.Unavailable;
import dev.fenceline.client.resource.WaitGraph;
import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Query;
import dev.fenceline.testbed.text.Style;
import picocli.CommandLine.Command;
import tools.jackson.databind.JsonNode;

/** {@code fenceline graph}: who waits for whom. Confined to the main thread. */
@Command(
    name = "graph",
    description = "Who waits for whom, as a tree; -o dot draws it for Graphviz.")
final class GraphCommand extends OperatorCommand {
  @Override
  boolean drawsGraphs() {
    return true;
  }

  @Override
  void show(CoordinatorClient coordinator, Screen screen) {
    JsonNode document = coordinator.document("/graph", Query.all());
    if (format() == OutputOptions.Format.JSON || format() == OutputOptions.Format.YAML) {
      documents().write(document);
      return;
    }
    WaitGraph graph = coordinator.value(document, WaitGraph.class);
    if (format() == OutputOptions.Format.DOT) {
      screen.line(WaitTree.dot(graph));
      return;
    }
    if (graph.nodes().isEmpty()) {
      screen.line("nobody waits");
    }
    WaitTree.lines(graph).forEach(screen::line);
    for (WaitGraph.Cycle cycle : graph.cycles()) {
      screen.line(
          Style.BAD,
          "circle for "
              + States.millis(cycle.sinceMillis())
              + ": "
              + String.join(" -> ", cycle.nodes())
              + ": "
              + cycle.why()
              + (cycle.remedy() == null ? "" : "; remedy: " + cycle.remedy()));
    }
    if (graph.truncated()) {
      screen.line(Style.DOUBTFUL, "more waits than one answer holds: parts are missing");
    }
    for (Unavailable each : graph.unavailableHosts()) {
      screen.line(Style.BAD, each.id() + " is missing here: " + each.reason());
    }
  }
}
