package dev.fenceline.coordinator.engine.graph;

import dev.fenceline.coordinator.engine.graph.WaitGraph.Cycle;
import dev.fenceline.coordinator.engine.graph.WaitGraph.Edge;
import dev.fenceline.coordinator.engine.graph.WaitGraph.Node;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Finds circles in a graph: strongly connected components by Tarjan's algorithm without recursion
 * ("Depth-first search and linear graph algorithms", 1972), and in each the shortest circle through
 * its least node. Confined to one call.
 */
final class Cycles {
  private final TreeMap<String, List<String>> successors = new TreeMap<>();
  private final TreeMap<String, Integer> index = new TreeMap<>();
  private final TreeMap<String, Integer> low = new TreeMap<>();
  private final TreeSet<String> onStack = new TreeSet<>();
  private final ArrayDeque<String> stack = new ArrayDeque<>();
  private final List<TreeSet<String>> components = new ArrayList<>();

  private Cycles(List<Node> nodes, List<Edge> edges) {
    nodes.forEach(node -> successors.put(node.id(), new ArrayList<>()));
    edges.forEach(edge -> successorsOf(edge.from()).add(edge.to()));
  }

  /** One circle per knot, in order of their least nodes. */
  static List<Cycle> in(List<Node> nodes, List<Edge> edges) {
    Cycles search = new Cycles(nodes, edges);
    search.successors.keySet().forEach(search::visit);
    Map<String, Node> byId = new LinkedHashMap<>();
    nodes.forEach(node -> byId.put(node.id(), node));
    Map<String, String> words = new LinkedHashMap<>();
    edges.forEach(edge -> words.put(edge.from() + " " + edge.to(), edge.why()));
    return search.components.stream()
        .sorted(Comparator.comparing(TreeSet::first))
        .map(knot -> search.cycle(search.shortest(knot), byId, words))
        .toList();
  }

  /** A node whose successors are being looked at. */
  private static final class Frame {
    final String node;
    int next;

    Frame(String node) {
      this.node = node;
    }
  }

  private void visit(String root) {
    if (index.containsKey(root)) {
      return;
    }
    ArrayDeque<Frame> frames = new ArrayDeque<>();
    frames.push(enter(root));
    while (!frames.isEmpty()) {
      Frame frame = frames.element();
      List<String> next = successorsOf(frame.node);
      if (frame.next < next.size()) {
        String successor = next.get(frame.next++);
        if (!index.containsKey(successor)) {
          frames.push(enter(successor));
        } else if (onStack.contains(successor)) {
          lower(frame.node, number(index, successor));
        }
      } else {
        frames.pop();
        leave(frame.node);
        if (!frames.isEmpty()) {
          lower(frames.element().node, number(low, frame.node));
        }
      }
    }
  }

  private Frame enter(String node) {
    index.put(node, index.size());
    low.put(node, number(index, node));
    stack.push(node);
    onStack.add(node);
    return new Frame(node);
  }

  private void leave(String node) {
    if (number(low, node) != number(index, node)) {
      return;
    }
    TreeSet<String> component = new TreeSet<>();
    String member;
    do {
      member = stack.pop();
      onStack.remove(member);
      component.add(member);
    } while (!member.equals(node));
    if (component.size() > 1 || successorsOf(node).contains(node)) {
      components.add(component);
    }
  }

  private void lower(String node, int value) {
    low.merge(node, value, Math::min);
  }

  private static int number(TreeMap<String, Integer> numbers, String node) {
    Integer number = numbers.get(node);
    if (number == null) {
      throw new IllegalStateException(node + " was not visited");
    }
    return number;
  }

  private List<String> successorsOf(String node) {
    return successors.getOrDefault(node, List.of());
  }

  /** Breadth first from the least node back to it, within the knot. */
  private List<String> shortest(TreeSet<String> knot) {
    String start = knot.first();
    TreeMap<String, String> cameFrom = new TreeMap<>();
    ArrayDeque<String> queue = new ArrayDeque<>(List.of(start));
    while (!queue.isEmpty()) {
      String node = queue.remove();
      for (String successor : successorsOf(node)) {
        if (successor.equals(start)) {
          return path(start, node, cameFrom);
        }
        if (knot.contains(successor) && cameFrom.putIfAbsent(successor, node) == null) {
          queue.add(successor);
        }
      }
    }
    throw new IllegalStateException("no circle through " + start + " in its own knot");
  }

  private static List<String> path(String start, String end, TreeMap<String, String> cameFrom) {
    ArrayDeque<String> path = new ArrayDeque<>();
    String node = end;
    while (!node.equals(start)) {
      path.push(node);
      node = cameFrom.getOrDefault(node, start);
    }
    path.push(start);
    return List.copyOf(path);
  }

  private Cycle cycle(List<String> ids, Map<String, Node> byId, Map<String, String> words) {
    List<String> steps = new ArrayList<>();
    long youngestNanos = Long.MAX_VALUE;
    for (int i = 0; i < ids.size(); i++) {
      String from = ids.get(i);
      String to = ids.get((i + 1) % ids.size());
      steps.add(from + " -> " + to + " (" + words.getOrDefault(from + " " + to, "") + ")");
      Node node = byId.get(from);
      if (node != null && node.elapsedNanos() > 0) {
        youngestNanos = Math.min(youngestNanos, node.elapsedNanos());
      }
    }
    return new Cycle(
        ids, youngestNanos == Long.MAX_VALUE ? 0 : youngestNanos, String.join("; ", steps), null);
  }
}
