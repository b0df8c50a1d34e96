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

  /** Time has passed. */
  record Tick() implements SessionInput {}
}
