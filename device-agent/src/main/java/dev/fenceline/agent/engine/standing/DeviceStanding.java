package dev.fenceline.agent.engine.standing;

/**
 * Whether a device takes work, and how far it is with giving it up. Not thread-safe: its owner
 * confines it.
 *
 * <p>Legal transitions: ACTIVE -> DRAINING (asked) -> DRAINED (no program is left, its mirrors are
 * closed, its accesses have drained) -> ACTIVE (returned), and DRAINING -> ACTIVE (returned before
 * it was done).
 */
public final class DeviceStanding {
  /** Where it stands. */
  public enum State {
    ACTIVE,
    DRAINING,
    DRAINED
  }

  /** What is to be done now. */
  public enum Step {
    NOTHING,
    /** Cancel whatever runs or waits: the time is over. Asked for once. */
    PREEMPT,
    /** Close the device's mirrors on every host, then call {@link #closed}. Asked for once. */
    CLOSE_MIRRORS
  }

  private State state = State.ACTIVE;
  private String reason = "";
  private long deadlineNanos;
  private boolean preempted;
  private boolean closing;

  /** Counts the drains, so that the end of one that was given up is told from another's. */
  private long drainNumber;

  public State state() {
    return state;
  }

  /** Why it is drained; empty for an active one. */
  public String reason() {
    return reason;
  }

  public long drainNumber() {
    return drainNumber;
  }

  public boolean takesWork() {
    return state == State.ACTIVE;
  }

  /** Begins to drain; false, and nothing changes, if it does already or has. */
  public boolean drain(String why, long untilNanos) {
    if (state != State.ACTIVE) {
      return false;
    }
    reason = why;
    deadlineNanos = untilNanos;
    preempted = false;
    closing = false;
    drainNumber++;
    state = State.DRAINING;
    return true;
  }

  /**
   * What a draining device needs now.
   *
   * @param programs that run or wait on it
   */
  public Step step(long nowNanos, int programs) {
    if (state != State.DRAINING || closing) {
      return Step.NOTHING;
    }
    if (programs == 0) {
      closing = true;
      return Step.CLOSE_MIRRORS;
    }
    if (nowNanos >= deadlineNanos && !preempted) {
      preempted = true;
      return Step.PREEMPT;
    }
    return Step.NOTHING;
  }

  /** Its mirrors are closed; of another drain than the current one, it says nothing. */
  public void closed(long ofDrain) {
    if (state == State.DRAINING && closing && ofDrain == drainNumber) {
      state = State.DRAINED;
    }
  }

  /** Takes work again; false if it does already. */
  public boolean giveBack() {
    if (state == State.ACTIVE) {
      return false;
    }
    state = State.ACTIVE;
    reason = "";
    return true;
  }
}
