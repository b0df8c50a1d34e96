package dev.fenceline.client.resource;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who waits for whom, at one moment; immutable. Its parts are read one after the other: a circle
 * that is gone when one asks again was none.
 *
 * @param cycles circles of waits
 * @param truncated too much waits for one answer: parts are missing
 */
public record WaitGraph(
    List<Node> nodes,
    List<Edge> edges,
    List<Cycle> cycles,
    boolean truncated,
    List<Unavailable> unavailableHosts) {

  /**
   * One that waits or is waited for; immutable.
   *
   * @param kind {@code operation}, {@code fence}, {@code device}, {@code program} or {@code fault}
   * @param sinceMillis for how long; 0 if it does not wait itself
   */
  public record Node(String id, String kind, String label, double sinceMillis) {}

  /** {@code from} waits for {@code to}; immutable. */
  public record Edge(String from, String to, String why) {}

  /**
   * A circle of waits, each for the next and the last for the first; immutable.
   *
   * @param remedy what breaks it, if the breaker is on; null if no rule applies
   */
  public record Cycle(
      List<String> nodes, double sinceMillis, String why, @Nullable String remedy) {}
}
