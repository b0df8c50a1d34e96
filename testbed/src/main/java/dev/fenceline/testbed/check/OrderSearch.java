package dev.fenceline.testbed.check;

import dev.fenceline.testbed.check.Operation.Kind;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Exact search for an order of one word's operations, for values that several writes stored.
 *
 * <p>Confined to one thread. Walks through time with the set of all states that are possible so far
 * (which overlapping operations have taken effect, and what the word then holds), and forces each
 * operation to have taken effect when it ends ("just-in-time linearization", after J. Wing and C.
 * Gong, 1993, and G. Lowe, 2017). The cost grows with the number of operations that overlap, not
 * with the length of the history; both the overlap and the states are bounded.
 */
final class OrderSearch {

  private static final int MAX_OVERLAP = 62;
  private static final int MAX_STATES = 200_000;

  /** What the word holds when no read can return it. */
  private static final int UNREADABLE = -1;

  /**
   * One possible present.
   *
   * @param done the slots of running operations that have taken effect
   * @param value index of a value, or {@link #UNREADABLE}
   */
  private record State(long done, int value) {}

  private final History history;
  private final int[] byBegin;
  private final int[] byEnd;
  private final int count;
  private final int firstValue;

  /** The value index of each operation, by its index in the history less {@link #lowest}. */
  private final int[] valueOf;

  private final int lowest;
  private final int[] running = new int[MAX_OVERLAP];
  private Set<State> states = new LinkedHashSet<>();

  /**
   * The word of {@code operations[from, to)}, which are indices of the history sorted by value.
   *
   * @param zones tells the initial value
   */
  OrderSearch(History history, int[] operations, int from, int to, Zones zones) {
    this.history = history;
    lowest = Arrays.stream(operations, from, to).min().orElse(0);
    int highest = Arrays.stream(operations, from, to).max().orElse(0);
    valueOf = new int[highest - lowest + 1];
    int[] kept = new int[to - from];
    int keptCount = 0;
    int initial = UNREADABLE;
    int runStart = from;
    while (runStart < to) {
      long value = history.value(operations[runStart]);
      int runEnd = runStart;
      boolean read = false;
      while (runEnd < to && history.value(operations[runEnd]) == value) {
        read |= history.isRead(operations[runEnd++]);
      }
      initial = zones.initialReadable() && value == zones.initialValue() ? runStart : initial;
      for (int i = runStart; i < runEnd; i++) {
        boolean readable = history.kind(operations[i]) != Kind.UNMAP;
        valueOf[operations[i] - lowest] = readable ? runStart : UNREADABLE;
        // What may never have happened and left no trace only makes the search longer.
        if ((read && readable) || history.respondedNanos(operations[i]) != History.IN_DOUBT) {
          kept[keptCount++] = operations[i];
        }
      }
      runStart = runEnd;
    }
    firstValue = initial;
    count = keptCount;
    IndexSort sort = new IndexSort();
    byBegin = Arrays.copyOf(kept, count);
    sort.sort(byBegin, 0, count, history::invokedNanos);
    byEnd = Arrays.copyOf(kept, count);
    sort.sort(byEnd, 0, count, history::respondedNanos);
  }

  /**
   * Null if there is an order.
   *
   * @param hint the finding that made the search necessary; its operations are reported
   */
  @Nullable Verdict judge(Verdict.Violation hint) {
    Arrays.fill(running, -1);
    states.add(new State(0, firstValue));
    int begun = 0;
    for (int ended = 0; ended < count; ended++) {
      int operation = byEnd[ended];
      long end = history.respondedNanos(operation);
      if (end == History.IN_DOUBT) {
        return null;
      }
      while (begun < count && history.invokedNanos(byBegin[begun]) <= end) {
        if (!begin(byBegin[begun++])) {
          return new Verdict.Undecided(hint.word(), "too many overlapping operations to decide");
        }
      }
      int slot = slotOf(operation);
      if (!end(slot)) {
        return new Verdict.Undecided(hint.word(), "too many possible orders to decide");
      }
      if (states.isEmpty()) {
        return violation(operation, hint);
      }
      running[slot] = -1;
    }
    return null;
  }

  private Verdict violation(int operation, Verdict.Violation hint) {
    Operation stuck = history.operation(operation);
    Operation other = hint.first().equals(stuck) ? hint.second() : hint.first();
    String explanation =
        History.describeWord(hint.word())
            + ": no order of what overlaps explains "
            + stuck.describe()
            + "; one try fails since "
            + hint.explanation();
    return new Verdict.Violation(hint.word(), other, stuck, explanation);
  }

  private boolean begin(int operation) {
    int slot = slotOf(-1);
    if (slot < 0) {
      return false;
    }
    running[slot] = operation;
    return true;
  }

  private int slotOf(int operation) {
    for (int slot = 0; slot < MAX_OVERLAP; slot++) {
      if (running[slot] == operation) {
        return slot;
      }
    }
    return -1;
  }

  /** Keeps the states in which the operation of a slot has taken effect; false if they explode. */
  private boolean end(int endingSlot) {
    long bit = 1L << endingSlot;
    Set<State> seen = new LinkedHashSet<>();
    Set<State> after = new LinkedHashSet<>();
    ArrayDeque<State> open = new ArrayDeque<>(states);
    while (!open.isEmpty()) {
      State state = withReads(open.pop());
      if (!seen.add(state)) {
        continue;
      }
      if (seen.size() > MAX_STATES) {
        return false;
      }
      if ((state.done() & bit) != 0) {
        after.add(new State(state.done() & ~bit, state.value()));
        continue;
      }
      for (int slot = 0; slot < MAX_OVERLAP; slot++) {
        int operation = running[slot];
        if (operation >= 0 && !history.isRead(operation) && (state.done() & 1L << slot) == 0) {
          open.push(new State(state.done() | 1L << slot, valueOf[operation - lowest]));
        }
      }
    }
    states = after;
    return true;
  }

  /** A read that fits the present never does better by waiting. */
  private State withReads(State state) {
    long done = state.done();
    for (int slot = 0; slot < MAX_OVERLAP; slot++) {
      int operation = running[slot];
      if (operation >= 0
          && history.isRead(operation)
          && valueOf[operation - lowest] == state.value()) {
        done |= 1L << slot;
      }
    }
    return new State(done, state.value());
  }
}
