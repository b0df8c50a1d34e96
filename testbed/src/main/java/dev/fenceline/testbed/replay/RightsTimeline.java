package dev.fenceline.testbed.replay;

import java.util.ArrayList;
import java.util.List;

/**
 * What a page permitted, and when, as far as its users can know. Written by the replaying thread;
 * read after a hand-over that orders memory.
 *
 * <p>A change takes effect at an unknown instant between the call and its answer, so around it both
 * the old and the new state are possible:
 *
 * <pre>
 *   state 1  |------------------------|
 *                 [ call ... answer ]
 *   state 2       |----------------------------
 * </pre>
 */
final class RightsTimeline {

  /**
   * A state that began between two instants.
   *
   * @param protection PROT_* bits; {@link #NOTHING} if the page is not mapped
   */
  private record State(long fromNanos, long certainNanos, int protection) {}

  /** Not mapped: no access succeeds. */
  static final int NOTHING = 0;

  private final List<State> states = new ArrayList<>();

  /** Adds a state that a call brought about; calls come in order. */
  void change(long invokedNanos, long respondedNanos, int protection) {
    states.add(new State(invokedNanos, respondedNanos, protection));
  }

  /** The protection since the last change. */
  int current() {
    return states.isEmpty() ? NOTHING : states.getLast().protection();
  }

  /** Whether an access that needs these bits could have succeeded at some instant of a time. */
  boolean mayPermit(int needed, long fromNanos, long toNanos) {
    return states.isEmpty()
        || toNanos < states.getFirst().certainNanos()
        || anyState(fromNanos, toNanos, needed, true);
  }

  /** Whether it could have failed at some instant of a time. */
  boolean mayRefuse(int needed, long fromNanos, long toNanos) {
    return states.isEmpty()
        || fromNanos < states.getFirst().certainNanos()
        || anyState(fromNanos, toNanos, needed, false);
  }

  /** Whether the bytes were nobody's but the users' all the time, and readable and writable. */
  boolean undisturbed(long fromNanos, long toNanos) {
    for (int i = 0; i < states.size(); i++) {
      State state = states.get(i);
      boolean possible = possible(i, fromNanos, toNanos);
      boolean beganMeanwhile = possible && state.certainNanos() >= fromNanos;
      if (possible && (beganMeanwhile || !Protections.readWrite(state.protection()))) {
        return false;
      }
    }
    return !states.isEmpty() && states.getFirst().certainNanos() < fromNanos;
  }

  private boolean anyState(long fromNanos, long toNanos, int needed, boolean permits) {
    for (int i = 0; i < states.size(); i++) {
      boolean allows = (states.get(i).protection() & needed) == needed;
      if (allows == permits && possible(i, fromNanos, toNanos)) {
        return true;
      }
    }
    return false;
  }

  /** Whether the state may have been in force at an instant of [from, to]. */
  private boolean possible(int index, long fromNanos, long toNanos) {
    long end = index + 1 < states.size() ? states.get(index + 1).certainNanos() : Long.MAX_VALUE;
    return states.get(index).fromNanos() <= toNanos && fromNanos <= end;
  }
}
