package dev.fenceline.coordinator.engine.graph;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which circles of waits are real, and what was done about them. Not thread-safe: its owner
 * confines it.
 *
 * <p>The parts of a graph are not read at one moment, so a circle counts only when it is seen in
 * two looks one after the other. Two rules break it (DESIGN 3.6): a replayable program that holds
 * pages is preempted, else the invalidation backs off. A circle that stands after that is broken
 * again at every look.
 */
public final class DeadlockBook {
  /** Deadlocks that are over and remembered. */
  public static final int MAX_REMEMBERED = 64;

  /** What became of a deadlock. */
  public enum State {
    /** It was seen twice and stands. */
    STANDING,
    /** A remedy was applied, and it is gone. */
    BROKEN,
    /** It went by itself: a deadline or lease ended a wait. */
    GONE
  }

  /**
   * One circle that was seen at least twice; immutable.
   *
   * @param remedy what would break it, or did; null if no rule applies
   * @param attempts how often the remedy was applied
   */
  public record Deadlock(
      long number,
      long firstSeenMillis,
      long lastSeenMillis,
      List<String> nodeIds,
      String why,
      @Nullable Remedy remedy,
      int attempts,
      State state) {
    public Deadlock {
      nodeIds = List.copyOf(nodeIds);
    }
  }

  /** What one look found; immutable. */
  public record Look(List<Deadlock> found, List<Deadlock> toBreak, List<Deadlock> ended) {}

  private final LinkedHashMap<List<String>, Long> suspects = new LinkedHashMap<>();
  private final LinkedHashMap<List<String>, Deadlock> standing = new LinkedHashMap<>();
  private final ArrayDeque<Deadlock> over = new ArrayDeque<>();
  private long last;

  /**
   * Takes a look at the graph in.
   *
   * @param breaks whether remedies are to be applied
   */
  public Look look(long nowMillis, WaitGraph graph, boolean breaks) {
    List<Deadlock> found = new ArrayList<>();
    List<Deadlock> toBreak = new ArrayList<>();
    LinkedHashMap<List<String>, Long> seen = new LinkedHashMap<>();
    for (WaitGraph.Cycle cycle : graph.cycles()) {
      List<String> key = cycle.nodeIds();
      Long before = suspects.get(key);
      seen.put(key, before == null ? nowMillis : before);
      if (before == null) {
        continue;
      }
      Deadlock known = standing.get(key);
      long number = known == null ? ++last : known.number();
      int attempts = known == null ? 0 : known.attempts();
      boolean breakable = breaks && cycle.remedy() != null;
      Deadlock deadlock =
          new Deadlock(
              number,
              before,
              nowMillis,
              key,
              cycle.why(),
              cycle.remedy(),
              breakable ? attempts + 1 : attempts,
              State.STANDING);
      standing.put(key, deadlock);
      if (known == null) {
        found.add(deadlock);
      }
      if (breakable) {
        toBreak.add(deadlock);
      }
    }
    suspects.clear();
    suspects.putAll(seen);
    return new Look(found, toBreak, ended());
  }

  /** All that stand, then those that are over, the newest first. */
  public List<Deadlock> deadlocks() {
    List<Deadlock> all = new ArrayList<>(standing.values());
    all.addAll(over);
    return all;
  }

  private List<Deadlock> ended() {
    List<Deadlock> ended = new ArrayList<>();
    for (Map.Entry<List<String>, Deadlock> entry : List.copyOf(standing.entrySet())) {
      if (suspects.containsKey(entry.getKey())) {
        continue;
      }
      standing.remove(entry.getKey());
      Deadlock was = entry.getValue();
      ended.add(
          new Deadlock(
              was.number(),
              was.firstSeenMillis(),
              was.lastSeenMillis(),
              was.nodeIds(),
              was.why(),
              was.remedy(),
              was.attempts(),
              was.attempts() > 0 ? State.BROKEN : State.GONE));
    }
    ended.forEach(over::addFirst);
    while (over.size() > MAX_REMEMBERED) {
      over.removeLast();
    }
    return ended;
  }
}
