package dev.fenceline.host.engine.session;

import java.util.ArrayDeque;

/**
 * What the host thinks of one agent. Confined to the session engine's mailbox.
 *
 * <p>Legal transitions: HEALTHY -> SUSPECT (a strike) -> QUARANTINED (policy), SUSPECT -> HEALTHY
 * (its strikes grew old), HEALTHY or SUSPECT -> QUARANTINED (operator), QUARANTINED -> HEALTHY
 * (returned, by an operator or at the end of the hold; its strikes are forgotten).
 */
public final class AgentStanding {
  /** Where it stands. */
  public enum State {
    HEALTHY,
    SUSPECT,
    QUARANTINED
  }

  /** Why and for how long; holdUntilNanos is Long.MAX_VALUE if only an operator ends it. */
  record Sentence(String reason, boolean byOperator, long holdUntilNanos) {
    static final Sentence NONE = new Sentence("", false, Long.MAX_VALUE);
  }

  private final String agentId;
  private final ArrayDeque<Long> strikes = new ArrayDeque<>();
  private State state = State.HEALTHY;
  private Sentence sentence = Sentence.NONE;
  private long sinceNanos;
  private int quarantines;
  private long settledSession;

  AgentStanding(String agentId, long nowNanos) {
    this.agentId = agentId;
    this.sinceNanos = nowNanos;
  }

  String agentId() {
    return agentId;
  }

  State state() {
    return state;
  }

  Sentence sentence() {
    return sentence;
  }

  long sinceNanos() {
    return sinceNanos;
  }

  /** How often it was quarantined by policy since it last did well for long. */
  int quarantines() {
    return quarantines;
  }

  int strikes() {
    return strikes.size();
  }

  /** When the oldest strike happened; Long.MAX_VALUE without strikes. */
  long oldestStrikeNanos() {
    Long oldest = strikes.peekFirst();
    return oldest == null ? Long.MAX_VALUE : oldest;
  }

  /** What follows for this session, or an earlier one, was settled: it is not struck for again. */
  void settle(long sessionId) {
    settledSession = Math.max(settledSession, sessionId);
  }

  boolean settled(long sessionId) {
    return sessionId <= settledSession;
  }

  /** Counts a strike; one of a quarantined agent changes nothing. */
  void strike(long nowNanos) {
    if (state == State.QUARANTINED) {
      return;
    }
    strikes.addLast(nowNanos);
    if (strikes.size() > HostPolicy.MOST_STRIKES) {
      strikes.removeFirst();
    }
    if (state == State.HEALTHY) {
      transition(State.SUSPECT, nowNanos);
    }
  }

  /** Forgets strikes that happened before a time; true if it is healthy because of that. */
  boolean forgetStrikes(long beforeNanos, long nowNanos) {
    while (oldestStrikeNanos() <= beforeNanos) {
      strikes.removeFirst();
    }
    if (state == State.SUSPECT && strikes.isEmpty()) {
      transition(State.HEALTHY, nowNanos);
      return true;
    }
    return false;
  }

  void quarantine(Sentence newSentence, long nowNanos) {
    if (!newSentence.byOperator()) {
      quarantines++;
    }
    sentence = newSentence;
    if (state != State.QUARANTINED) {
      transition(State.QUARANTINED, nowNanos);
    }
  }

  /** Lets it attach again, its strikes forgotten. */
  void returned(long nowNanos) {
    strikes.clear();
    sentence = Sentence.NONE;
    if (state != State.HEALTHY) {
      transition(State.HEALTHY, nowNanos);
    }
  }

  StandingView view(long nowNanos) {
    long until = sentence.holdUntilNanos();
    return new StandingView(
        agentId,
        state,
        strikes.size(),
        sentence.reason(),
        sentence.byOperator(),
        nowNanos - sinceNanos,
        until == Long.MAX_VALUE ? 0 : Math.max(1, until - nowNanos));
  }

  private void transition(State next, long nowNanos) {
    boolean legal =
        switch (next) {
          case HEALTHY -> state != State.HEALTHY;
          case SUSPECT -> state == State.HEALTHY;
          case QUARANTINED -> state != State.QUARANTINED;
        };
    if (!legal) {
      throw new IllegalStateException("agent " + agentId + " from " + state + " to " + next);
    }
    state = next;
    sinceNanos = nowNanos;
  }
}
