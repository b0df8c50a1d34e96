package dev.fenceline.agent.engine.program;

import org.jspecify.annotations.Nullable;

/**
 * A program from its acceptance on, and what became of it. Confined to whoever confines the {@link
 * ProgramBook}.
 *
 * <p>Legal transitions: QUEUED -> RUNNING -> DONE | FAILED | CANCELLED, and QUEUED -> FAILED |
 * CANCELLED of one that never got a unit.
 *
 * @param <W> the work itself
 * @param <R> what it ended with
 */
public final class ProgramEntry<W, R> {
  /** Where it stands. */
  public enum State {
    QUEUED,
    RUNNING,
    DONE,
    FAILED,
    CANCELLED;

    public boolean ended() {
      return this == DONE || this == FAILED || this == CANCELLED;
    }
  }

  /** What does not change; immutable. */
  public record Order(int deviceIndex, String hostId, long spaceId, String kind, long operations) {}

  private final long number;
  private final Order order;
  private final W work;
  private final long submittedMillis;
  private State state = State.QUEUED;
  private long startedMillis;
  private long endedMillis;
  private @Nullable R result;

  ProgramEntry(long number, Order order, W work, long nowMillis) {
    this.number = number;
    this.order = order;
    this.work = work;
    this.submittedMillis = nowMillis;
  }

  /** Grows by one per program of this boot, from 1. */
  public long number() {
    return number;
  }

  public Order order() {
    return order;
  }

  public W work() {
    return work;
  }

  public State state() {
    return state;
  }

  public long submittedMillis() {
    return submittedMillis;
  }

  /** 0: not yet. */
  public long startedMillis() {
    return startedMillis;
  }

  /** 0: not yet. */
  public long endedMillis() {
    return endedMillis;
  }

  /** Null until it has ended. */
  public @Nullable R result() {
    return result;
  }

  void started(long nowMillis) {
    startedMillis = nowMillis;
    transition(State.RUNNING);
  }

  void ended(State how, R with, long nowMillis) {
    endedMillis = nowMillis;
    result = with;
    transition(how);
  }

  void replaceResult(R with) {
    result = with;
  }

  private void transition(State next) {
    boolean legal =
        switch (next) {
          case QUEUED, DONE -> next == State.DONE && state == State.RUNNING;
          case RUNNING -> state == State.QUEUED;
          case FAILED, CANCELLED -> !state.ended();
        };
    if (!legal) {
      throw new IllegalStateException("program " + number + " from " + state + " to " + next);
    }
    state = next;
  }
}
