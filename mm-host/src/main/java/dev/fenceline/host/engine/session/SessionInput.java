package dev.fenceline.host.engine.session;

import dev.fenceline.model.AgentMessage;

/** What can happen to the sessions of a host; immutable. A connection is one attach stream. */
public sealed interface SessionInput {
  record HelloReceived(long connectionId, AgentMessage.Hello hello) implements SessionInput {}

  record HeartbeatReceived(long hostEpoch, long sessionId, long number) implements SessionInput {}

  record LeaveReceived(long hostEpoch, long sessionId) implements SessionInput {}

  /** The stream broke or ended; the session goes on until a new Hello or the end of its lease. */
  record ConnectionClosed(long connectionId) implements SessionInput {}

  /** A shard says whether the session owes it an overdue fence. */
  record OverdueChanged(int shardIndex, long sessionId, boolean overdue) implements SessionInput {}

  /** A shard resolved fences because the session's lease had run out. */
  record DiedOwing(int shardIndex, long sessionId, String agentId) implements SessionInput {}

  /** An operator quarantines an agent; holdNanos 0: until an operator returns it. */
  record Quarantine(String agentId, String reason, long holdNanos) implements SessionInput {}

  /** An operator lets a quarantined agent attach again, its strikes forgotten. */
  record ReturnAgent(String agentId) implements SessionInput {}

  /** An operator sets the policy; it contradicts itself nowhere. */
  record SetPolicy(HostPolicy policy) implements SessionInput {}

  /** Time has passed. */
  record Tick() implements SessionInput {}
}
