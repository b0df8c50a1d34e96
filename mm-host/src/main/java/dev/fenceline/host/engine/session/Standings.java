package dev.fenceline.host.engine.session;

import dev.fenceline.host.engine.session.AgentStanding.State;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The agents that gave cause for doubt, and those that did lately. Confined to the session engine's
 * mailbox.
 *
 * <p>Bounded: when it is full, whoever is healthy is forgotten first, then the oldest suspect; if
 * all are quarantined, nobody is added.
 */
final class Standings {
  static final int MAX_AGENTS = 1024;

  private final Map<String, AgentStanding> byAgent = new LinkedHashMap<>();
  private HostPolicy policy;

  Standings(HostPolicy policy) {
    this.policy = policy;
  }

  HostPolicy policy() {
    return policy;
  }

  void policy(HostPolicy newPolicy) {
    policy = newPolicy;
  }

  @Nullable AgentStanding find(String agentId) {
    return byAgent.get(agentId);
  }

  /** The agent's standing, a healthy one if it had none; null if there is no room. */
  @Nullable AgentStanding findOrAdd(String agentId, long nowNanos) {
    AgentStanding found = byAgent.get(agentId);
    if (found == null && (byAgent.size() < MAX_AGENTS || makeRoom())) {
      found = new AgentStanding(agentId, nowNanos);
      byAgent.put(agentId, found);
    }
    return found;
  }

  /** Those that are quarantined or have strikes, by their age in the table. */
  List<StandingView> views(long nowNanos) {
    List<StandingView> views = new ArrayList<>();
    for (AgentStanding standing : byAgent.values()) {
      if (standing.state() != State.HEALTHY) {
        views.add(standing.view(nowNanos));
      }
    }
    return views;
  }

  /** True if the policy wants the agent quarantined. */
  boolean deservesQuarantine(AgentStanding standing) {
    return policy.quarantineStrikes() > 0
        && standing.state() == State.SUSPECT
        && standing.strikes() >= policy.quarantineStrikes();
  }

  /** Those whose hold has ended; strikes that have grown old are forgotten on the way. */
  List<AgentStanding> expire(long nowNanos) {
    if (nowNanos < nextDeadlineNanos()) {
      return List.of();
    }
    List<AgentStanding> ended = new ArrayList<>();
    for (AgentStanding standing : List.copyOf(byAgent.values())) {
      switch (standing.state()) {
        case QUARANTINED -> {
          if (standing.sentence().holdUntilNanos() <= nowNanos) {
            ended.add(standing);
          }
        }
        case SUSPECT -> standing.forgetStrikes(nowNanos - policy.windowNanos(), nowNanos);
        case HEALTHY -> {
          if (deadlineOf(standing) <= nowNanos) {
            byAgent.remove(standing.agentId());
          }
        }
      }
    }
    return ended;
  }

  long nextDeadlineNanos() {
    long next = Long.MAX_VALUE;
    for (AgentStanding standing : byAgent.values()) {
      next = Math.min(next, deadlineOf(standing));
    }
    return next;
  }

  private long deadlineOf(AgentStanding standing) {
    return switch (standing.state()) {
      case QUARANTINED -> standing.sentence().holdUntilNanos();
      case SUSPECT -> standing.oldestStrikeNanos() + policy.windowNanos();
      case HEALTHY ->
          standing.sinceNanos() + (standing.quarantines() > 0 ? policy.greatestHoldNanos() : 0);
    };
  }

  private boolean makeRoom() {
    for (State dispensable : new State[] {State.HEALTHY, State.SUSPECT}) {
      for (AgentStanding standing : byAgent.values()) {
        if (standing.state() == dispensable) {
          byAgent.remove(standing.agentId());
          return true;
        }
      }
    }
    return false;
  }
}
