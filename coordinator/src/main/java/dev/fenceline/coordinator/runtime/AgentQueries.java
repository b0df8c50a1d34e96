package dev.fenceline.coordinator.runtime;

import dev.fenceline.coordinator.engine.query.AgentStatus;
import dev.fenceline.coordinator.engine.query.Answer;

/** Questions to one agent. Thread-safe; calls block for the query time-out at most. */
public interface AgentQueries {
  Answer<AgentStatus> agent(String endpoint);
}
