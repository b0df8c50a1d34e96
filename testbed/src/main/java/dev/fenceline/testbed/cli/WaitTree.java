package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.WaitGraph;
import dev.fenceline.client.resource.WaitGraph.Edge;
import dev.fenceline.client.resource.WaitGraph.Node;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A wait-for graph as text: below each who waits stands for whom it waits. Confined to one thread.
 */
final class WaitTree {
  private static final int MAX_DEPTH = 32;

  private final Map<String, Node> nodes = new LinkedHashMap<>();
  private final Map<String, List<Edge>> waits = new LinkedHashMap<>();
  private final Set<String> shown = new LinkedHashSet<>();
  private final List<String> lines = new ArrayList<>();

  private WaitTree(WaitGraph graph) {
    graph.nodes().forEach(node -> nodes.put(node.id(), node));
    graph
        .edges()
        .forEach(edge -> waits.computeIfAbsent(edge.from(), id -> new ArrayList<>()).add(edge));
  }

  /** Begins with those for whom nobody waits; then what is in circles. */
  static List<String> lines(WaitGraph graph) {
    WaitTree tree = new WaitTree(graph);
    Set<String> awaited = new LinkedHashSet<>();
    graph.edges().forEach(edge -> awaited.add(edge.to()));
    for (String id : tree.nodes.keySet()) {
      if (!awaited.contains(id)) {
        tree.root(id);
      }
    }
    for (String id : tree.nodes.keySet()) {
      if (!tree.shown.contains(id)) {
        tree.root(id);
      }
    }
    return tree.lines;
  }

  private void root(String id) {
    lines.add(text(id));
    below(id, "", 0);
  }

  private void below(String id, String indent, int depth) {
    shown.add(id);
    List<Edge> edges = waits.getOrDefault(id, List.of());
    for (int i = 0; i < edges.size(); i++) {
      Edge edge = edges.get(i);
      boolean last = i == edges.size() - 1;
      boolean known = shown.contains(edge.to());
      boolean more = known && !waits.getOrDefault(edge.to(), List.of()).isEmpty();
      lines.add(
          indent
              + (last ? "└─ " : "├─ ")
              + text(edge.to())
              + "  ("
              + edge.why()
              + ")"
              + (more ? " (see above)" : ""));
      if (!known && depth < MAX_DEPTH) {
        below(edge.to(), indent + (last ? "   " : "│  "), depth + 1);
      }
    }
  }

  private String text(String id) {
    Node node = nodes.get(id);
    if (node == null) {
      return id;
    }
    String since = node.sinceMillis() > 0 ? ", for " + States.millis(node.sinceMillis()) : "";
    return node.kind() + " " + node.label() + since;
  }

  /** In the language of Graphviz. */
  static String dot(WaitGraph graph) {
    StringBuilder out = new StringBuilder("digraph waits {\n  rankdir=LR;\n  node [shape=box];\n");
    for (Node node : graph.nodes()) {
      out.append("  ")
          .append(quoted(node.id()))
          .append(" [label=")
          .append(quoted(node.kind() + "\n" + node.label()))
          .append("];\n");
    }
    for (Edge edge : graph.edges()) {
      out.append("  ")
          .append(quoted(edge.from()))
          .append(" -> ")
          .append(quoted(edge.to()))
          .append(" [label=")
          .append(quoted(edge.why()))
          .append("];\n");
    }
    return out.append('}').toString();
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
  }
}
