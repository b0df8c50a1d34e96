package dev.fenceline.host.runtime;

import dev.fenceline.host.engine.session.SessionEffect;
import dev.fenceline.host.runtime.HostEvent.Kind;
import dev.fenceline.model.FenceResolution;
import org.jspecify.annotations.Nullable;

/** Tells the event log what is worth telling of sessions. Confined to their mailbox. */
final class SessionEvents {
  private final EventLog log;

  SessionEvents(EventLog log) {
    this.log = log;
  }

  void transitioned(SessionEffect.Transitioned changed) {
    String agent = changed.agentId();
    switch (changed.state()) {
      case ATTACHED ->
          log.record(
              Kind.AGENT_ATTACHED,
              agent,
              "agent %s attached, session %x".formatted(agent, changed.sessionId()));
      case DETACHED ->
          log.record(
              Kind.AGENT_DETACHED,
              agent,
              "agent %s is detached: %s".formatted(agent, changed.reason()));
      case ENDED -> ended(changed, changed.ending());
    }
  }

  /** A session that ends by a new Hello is followed by its successor's event. */
  private void ended(SessionEffect.Transitioned changed, @Nullable FenceResolution ending) {
    String agent = changed.agentId();
    if (ending == FenceResolution.LEASE_EXPIRED) {
      log.record(Kind.LEASE_EXPIRED, agent, "agent %s: %s".formatted(agent, changed.reason()));
    } else if (ending == FenceResolution.LEFT) {
      log.record(Kind.AGENT_LEFT, agent, "agent %s left in good order".formatted(agent));
    }
  }

  void refused(SessionEffect.HelloRefused refused) {
    log.record(
        Kind.AGENT_REFUSED,
        refused.agentId(),
        "Hello of agent %s was refused: %s".formatted(refused.agentId(), refused.message()));
  }
}
