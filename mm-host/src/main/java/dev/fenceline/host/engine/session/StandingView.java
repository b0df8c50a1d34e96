package dev.fenceline.host.engine.session;

/**
 * What a host thinks of an agent at one moment; immutable.
 *
 * @param strikes within the policy's window
 * @param reason why it is quarantined; empty otherwise
 * @param elapsedNanos since when it is in this state
 * @param holdLeftNanos until it is returned by itself; 0: not quarantined, or only by an operator
 */
public record StandingView(
    String agentId,
    AgentStanding.State state,
    int strikes,
    String reason,
    boolean byOperator,
    long elapsedNanos,
    long holdLeftNanos) {
  /** Of an agent that nothing is known against. */
  public static StandingView healthy(String agentId) {
    return new StandingView(agentId, AgentStanding.State.HEALTHY, 0, "", false, 0, 0);
  }
}
