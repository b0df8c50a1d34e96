package dev.fenceline.coordinator.runtime;

import dev.fenceline.coordinator.engine.query.AgentStatus;
import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.engine.query.Portion;
import dev.fenceline.coordinator.engine.query.Program;
import org.jspecify.annotations.Nullable;

/** Questions to one agent. Thread-safe; calls block for the query time-out at most. */
public interface AgentQueries {
  Answer<AgentStatus> agent(String endpoint);

  /** Newest first. */
  Answer<Portion<Program>> programs(String endpoint, ProgramQuery query);

  Answer<Program> program(String endpoint, long number);

  /**
   * Which programs; immutable.
   *
   * @param deviceIndex null for all
   * @param before only smaller numbers; 0 from the newest
   */
  record ProgramQuery(@Nullable Integer deviceIndex, boolean pendingOnly, long before, int limit) {}
}
