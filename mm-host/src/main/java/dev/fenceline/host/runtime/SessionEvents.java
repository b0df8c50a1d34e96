package dev.fenceline.host.runtime;

import dev.fenceline.host.engine.session.AgentStanding;
import dev.fenceline.host.engine.session.HostPolicy;
import dev.fenceline.host.engine.session.SessionEffect;
import dev.fenceline.host.engine.session.StandingView;
import dev.fenceline.host.runtime.HostEvent.Kind;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.HostMessage.RefusalReason;
import dev.fenceline.model.HumanTime;
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

  /** A quarantined agent asks again and again; that it is quarantined was told once. */
  void refused(SessionEffect.HelloRefused refused) {
    if (refused.refusal() == RefusalReason.QUARANTINED) {
      return;
    }
    log.record(
        Kind.AGENT_REFUSED,
        refused.agentId(),
        "Hello of agent %s was refused: %s".formatted(refused.agentId(), refused.message()));
  }

  void standing(StandingView standing) {
    String agent = standing.agentId();
    if (standing.state() == AgentStanding.State.QUARANTINED) {
      String ends =
          standing.holdLeftNanos() == 0
              ? "until an operator returns it"
              : "for %d ms".formatted(standing.holdLeftNanos() / 1_000_000);
      log.record(
          Kind.AGENT_QUARANTINED,
          agent,
          "agent %s is quarantined %s, %s: %s"
              .formatted(
                  agent,
                  ends,
                  standing.byOperator() ? "by an operator" : "by policy",
                  standing.reason()));
    } else {
      log.record(Kind.AGENT_RETURNED, agent, "agent %s may attach again".formatted(agent));
    }
  }

  void policySet(HostPolicy policy) {
    String quarantine =
        policy.quarantineStrikes() == 0
            ? "no quarantine but by operators"
            : "quarantine after %d strikes within %s, for %s to %s"
                .formatted(
                    policy.quarantineStrikes(),
                    HumanTime.of(policy.windowNanos()),
                    HumanTime.of(policy.holdNanos()),
                    HumanTime.of(policy.greatestHoldNanos()));
    log.record(
        Kind.POLICY_SET, "%s; new spaces notify %s".formatted(quarantine, policy.defaultMode()));
  }
}
