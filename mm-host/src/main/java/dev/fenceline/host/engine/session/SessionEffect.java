package dev.fenceline.host.engine.session;

import dev.fenceline.model.AgentMessage.Hello;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.HostMessage.RefusalReason;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the session engine wants done; immutable. The order matters: shards hear of a session's end
 * and of its successor before the agent hears Welcome, so no message of a session reaches a shard
 * that does not know it.
 */
public sealed interface SessionEffect {
  /** Every shard learns of the session. */
  record OpenOnShards(long sessionId, String agentId, List<DeviceDescription> devices)
      implements SessionEffect {}

  /** Welcome was sent: shards may speak to the session, of the pages that its devices hold. */
  record GreetedOnShards(long sessionId, Hello hello) implements SessionEffect {}

  /** Every shard resolves the session's fences so and forgets it. */
  record EndOnShards(long sessionId, FenceResolution cause) implements SessionEffect {}

  /** Messages to the session go to this connection from now on. */
  record Bind(long connectionId, long sessionId) implements SessionEffect {}

  record SendOn(long connectionId, HostMessage message) implements SessionEffect {}

  /** End the stream, behind what was sent. */
  record Close(long connectionId, String reason) implements SessionEffect {}

  /** A message of a stale epoch or session was dropped (INV-10). */
  record LateMessage(long sessionId) implements SessionEffect {}

  /**
   * A session changed its state; for logs, metrics and events.
   *
   * @param ending how its fences were resolved; null unless it has ended
   */
  record Transitioned(
      String agentId,
      long sessionId,
      Session.State state,
      @Nullable FenceResolution ending,
      String reason)
      implements SessionEffect {}

  /** An agent was quarantined or returned; for logs, metrics and events. */
  record StandingChanged(StandingView standing) implements SessionEffect {}

  /** Another policy holds; for logs and events. */
  record PolicySet(HostPolicy policy) implements SessionEffect {}

  /** A well-formed Hello was refused; for logs and events. */
  record HelloRefused(String agentId, RefusalReason refusal, String message)
      implements SessionEffect {}
}
