package dev.fenceline.coordinator.runtime;

import dev.fenceline.coordinator.engine.command.OperationResult;
import dev.fenceline.coordinator.engine.command.SpaceOperation;
import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.engine.query.HostPolicy;
import dev.fenceline.coordinator.engine.query.Standing;
import dev.fenceline.model.NotificationMode;
import org.jspecify.annotations.Nullable;

/**
 * What operators want of one host. Thread-safe; calls block, those that wait for fences for the
 * command time-out at most. After a time-out nobody knows whether it was done.
 */
public interface HostCommands {
  /**
   * @param mode null for the host's default
   * @param oomScoreAdjust -1000 (never killed for want of memory) to 1000
   * @return the new space's id
   */
  Answer<Long> createSpace(
      String endpoint, String name, @Nullable NotificationMode mode, int oomScoreAdjust);

  Answer<OperationResult> destroySpace(String endpoint, long spaceId);

  Answer<NotificationMode> setNotificationMode(
      String endpoint, long spaceId, NotificationMode mode);

  /**
   * @param adjust -1000 (never killed for want of memory) to 1000
   */
  Answer<Integer> setOomScoreAdjust(String endpoint, long spaceId, int adjust);

  Answer<OperationResult> operate(String endpoint, long spaceId, SpaceOperation operation);

  /**
   * @param holdNanos 0: until somebody returns it
   */
  Answer<Standing> quarantine(String endpoint, String agentId, String reason, long holdNanos);

  Answer<Standing> returnAgent(String endpoint, String agentId);

  Answer<HostPolicy> setPolicy(String endpoint, HostPolicy policy);

  /** Makes an invalidation give up its wait; whether it backed off. */
  Answer<Boolean> backOff(String endpoint, long invalidationId, String reason);

  /** The number of pages that were pinned. */
  Answer<Long> unpin(String endpoint, long pinId);
}
