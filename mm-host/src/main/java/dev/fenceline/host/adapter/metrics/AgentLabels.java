package dev.fenceline.host.adapter.metrics;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which agents are named in labels: the first so many that were heard of. Thread-safe.
 *
 * <p>An agent chooses its id, and a label's value stays in Prometheus for as long as it keeps data:
 * without a bound, one that comes back under ever new names would fill it.
 */
final class AgentLabels {
  /** Stands for every agent that is not named. */
  static final String OTHER = "other";

  private final int limit;
  private final Set<String> named = ConcurrentHashMap.newKeySet();

  AgentLabels(int limit) {
    this.limit = limit;
  }

  /** The label's value for the agent. */
  String of(String agentId) {
    if (named.contains(agentId)) {
      return agentId;
    }
    return named.size() < limit && named.add(agentId) ? agentId : OTHER;
  }
}
