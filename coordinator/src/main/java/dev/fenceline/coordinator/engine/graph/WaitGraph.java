package dev.fenceline.coordinator.engine.graph;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who waits for whom at one moment; immutable. Nodes are ordered by kind and id, edges by their
 * ends, cycles by their first node.
 */
public record WaitGraph(List<Node> nodes, List<Edge> edges, List<Cycle> cycles) {
  public WaitGraph {
    nodes = List.copyOf(nodes);
    edges = List.copyOf(edges);
    cycles = List.copyOf(cycles);
  }

  /** What can wait or be waited for, in the order in which waits run; immutable. */
  public enum Kind {
    OPERATION,
    FENCE,
    DEVICE,
    PROGRAM,
    FAULT
  }

  /**
   * One that waits or is waited for; immutable.
   *
   * @param label for a person
   * @param elapsedNanos how long it has been so; 0 if it does not wait itself
   */
  public record Node(String id, Kind kind, String label, long elapsedNanos) {}

  /** {@code from} waits for {@code to}; immutable. */
  public record Edge(String from, String to, String why) {}

  /**
   * A circle of waits; immutable.
   *
   * @param nodeIds each waits for the next, the last for the first; begins with the least id
   * @param elapsedNanos for how long it can have been closed: the youngest wait in it
   * @param why the edges' words
   * @param remedy what would break it; null if no rule applies
   */
  public record Cycle(
      List<String> nodeIds, long elapsedNanos, String why, @Nullable Remedy remedy) {
    public Cycle {
      nodeIds = List.copyOf(nodeIds);
    }
  }
}
