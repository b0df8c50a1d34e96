package dev.fenceline.coordinator.engine.query;

import java.util.List;

/**
 * An agent's session with a host; immutable.
 *
 * @param attached false once the stream broke and the lease runs out
 * @param leaseLeftNanos until the host declares the agent dead
 * @param overdue the oldest pending fence is overdue: the lease is not renewed
 */
public record Session(
    String agentId,
    long sessionId,
    long bootToken,
    boolean attached,
    long leaseLeftNanos,
    long pendingFenceCount,
    boolean overdue,
    List<String> deviceNames) {
  public Session {
    deviceNames = List.copyOf(deviceNames);
  }
}
