package dev.fenceline.testbed.sim;

/** What a run proved wrong, with the invariant's id. Immutable. */
public final class InvariantViolation extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String invariant;

  InvariantViolation(String invariant, String detail) {
    super(invariant + ": " + detail);
    this.invariant = invariant;
  }

  /** INV-1 to INV-13, or PROGRESS. */
  public String invariant() {
    return invariant;
  }
}
