package dev.fenceline.coordinator.runtime;

import dev.fenceline.coordinator.engine.command.ProgramOrder;
import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.engine.query.DeviceStanding;
import dev.fenceline.coordinator.engine.query.Program;
import java.util.List;

/** What operators want of one agent. Thread-safe; calls block for the query time-out at most. */
public interface AgentCommands {
  Answer<Program> submit(String endpoint, ProgramOrder order);

  /** Makes a replayable program let go of what it holds and begin again. */
  Answer<Program> preempt(String endpoint, long number, String reason);

  Answer<Program> cancel(String endpoint, long number);

  /**
   * @param deviceIndexes empty for all
   * @param deadlineNanos 0 for the agent's default
   */
  Answer<List<DeviceStanding>> drain(
      String endpoint, List<Integer> deviceIndexes, long deadlineNanos, String reason);

  /**
   * @param deviceIndexes empty for all
   */
  Answer<List<DeviceStanding>> takeBack(String endpoint, List<Integer> deviceIndexes);
}
