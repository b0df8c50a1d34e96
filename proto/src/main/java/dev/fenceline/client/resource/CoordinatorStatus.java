package dev.fenceline.client.resource;

import java.time.Instant;

/**
 * The coordinator itself; immutable.
 *
 * @param state {@code recovering} or {@code ready}; while recovering, everything else answers 503
 */
public record CoordinatorStatus(
    String state,
    String bootToken,
    Instant startedAt,
    long uptimeMillis,
    long recoveryLeftMillis,
    long revision,
    long reportIntervalMillis,
    long livenessTimeoutMillis,
    Counts counts) {

  /** How many of what; immutable. */
  public record Counts(NodeCounts hosts, NodeCounts agents, int devices, int reportStreams) {}

  /** Nodes of a kind by state; immutable. */
  public record NodeCounts(int live, int suspect, int lost, int left) {}

  /** Whether it knows the nodes again. */
  public boolean ready() {
    return state.equals("ready");
  }
}
