package dev.fenceline.coordinator.engine.query;

/**
 * What a host thinks of an agent; immutable.
 *
 * @param reason why it is quarantined, or empty
 * @param byOperator an operator did it, not the policy
 * @param elapsedNanos since when it is in this state
 * @param holdLeftNanos until it is returned by itself; 0 for never, or not quarantined
 */
public record Standing(
    String agentId,
    State state,
    long strikes,
    String reason,
    boolean byOperator,
    long elapsedNanos,
    long holdLeftNanos) {

  /** How bad it is; immutable. */
  public enum State {
    HEALTHY,
    SUSPECT,
    QUARANTINED
  }
}
