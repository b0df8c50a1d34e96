package dev.fenceline.testbed.check;

import java.util.Arrays;

/**
 * The atomic adds on one counter word, and the exact judgement whether they were atomic (INV-13).
 *
 * <p>Appended to by one thread; judged after a hand-over that orders memory. Adds are positive, so
 * the previous values that they returned already say in which order they happened: what is left to
 * check is that they form one chain, that the chain agrees with real time, and that it ends at the
 * final value.
 */
public final class CounterHistory {

  private static final long UNKNOWN = Long.MIN_VALUE;

  private long[] previous;
  private long[] delta;
  private long[] invokedNanos;
  private long[] respondedNanos;
  private int size;

  public CounterHistory() {
    this(1024);
  }

  /** A history with room for a number of operations before it has to grow. */
  public CounterHistory(int capacity) {
    previous = new long[capacity];
    delta = new long[capacity];
    invokedNanos = new long[capacity];
    respondedNanos = new long[capacity];
  }

  /** What the operations on a counter show. Only {@link Consistent} is a pass. */
  public sealed interface Verdict {

    /** Each add happened at once and in an order that real time allows. */
    record Consistent(long checkedOperations) implements Verdict {}

    /**
     * An add got lost, happened twice, or out of order.
     *
     * @param explanation what was seen and why it cannot be
     */
    record Violation(String explanation) implements Verdict {}

    /** Adds of different sizes are in doubt: whether they fill the gaps is not decided here. */
    record Undecided(String explanation) implements Verdict {}
  }

  /** Adds a finished add of {@code delta} > 0 that returned the value before it. */
  public void add(long previousValue, long delta, long invokedNanos, long respondedNanos) {
    if (delta <= 0) {
      throw new IllegalArgumentException("delta " + delta);
    }
    append(previousValue, delta, invokedNanos, respondedNanos);
  }

  /** Adds an add of which nobody knows whether it happened, or will. */
  public void addInDoubt(long delta, long invokedNanos) {
    if (delta <= 0) {
      throw new IllegalArgumentException("delta " + delta);
    }
    append(UNKNOWN, delta, invokedNanos, History.IN_DOUBT);
  }

  /** Adds a plain read of the counter. */
  public void read(long value, long invokedNanos, long respondedNanos) {
    append(value, 0, invokedNanos, respondedNanos);
  }

  private void append(long previousValue, long by, long invoked, long responded) {
    if (responded < invoked) {
      throw new IllegalArgumentException("responded " + responded + " before invoked " + invoked);
    }
    if (size == previous.length) {
      int capacity = Math.max(1024, size + (size >> 1));
      previous = Arrays.copyOf(previous, capacity);
      delta = Arrays.copyOf(delta, capacity);
      invokedNanos = Arrays.copyOf(invokedNanos, capacity);
      respondedNanos = Arrays.copyOf(respondedNanos, capacity);
    }
    previous[size] = previousValue;
    delta[size] = by;
    invokedNanos[size] = invoked;
    respondedNanos[size] = responded;
    size++;
  }

  /** Takes in all operations of another history of the same counter. */
  public void addAll(CounterHistory other) {
    for (int i = 0; i < other.size; i++) {
      append(other.previous[i], other.delta[i], other.invokedNanos[i], other.respondedNanos[i]);
    }
  }

  /** How many operations there are. */
  public int size() {
    return size;
  }

  /**
   * Judges the operations.
   *
   * @param initialValue the counter before the first of them
   * @param finalValue the counter after the last of them, read when all had ended
   */
  public Verdict check(long initialValue, long finalValue) {
    int[] known = new int[size];
    int[] doubtful = new int[size];
    int knownCount = 0;
    int doubtfulCount = 0;
    for (int i = 0; i < size; i++) {
      if (respondedNanos[i] == History.IN_DOUBT) {
        doubtful[doubtfulCount++] = i;
      } else {
        known[knownCount++] = i;
      }
    }
    IndexSort sort = new IndexSort();
    // Stable, least key first: by value, then reads before the add that ends it, then by beginning.
    sort.sort(known, 0, knownCount, i -> invokedNanos[i]);
    sort.sort(known, 0, knownCount, i -> delta[i] == 0 ? 0 : 1);
    sort.sort(known, 0, knownCount, i -> previous[i]);
    sort.sort(doubtful, 0, doubtfulCount, i -> invokedNanos[i]);
    Verdict order = checkRealTime(Arrays.copyOf(known, knownCount));
    return order instanceof Verdict.Consistent
        ? new Chain(known, knownCount, doubtful, doubtfulCount).check(initialValue, finalValue)
        : order;
  }

  private Verdict checkRealTime(int[] order) {
    int latest = -1;
    for (int operation : order) {
      if (latest >= 0 && respondedNanos[operation] < invokedNanos[latest]) {
        return new Verdict.Violation(
            describe(operation)
                + " ended before "
                + describe(latest)
                + " began, yet saw a later value");
      }
      if (latest < 0 || invokedNanos[operation] > invokedNanos[latest]) {
        latest = operation;
      }
    }
    return new Verdict.Consistent(size);
  }

  private String describe(int operation) {
    String what = delta[operation] == 0 ? "[read of " : "[add of " + delta[operation] + " at ";
    String value = previous[operation] == UNKNOWN ? "?" : Long.toString(previous[operation]);
    return what
        + value
        + " during "
        + invokedNanos[operation]
        + ".."
        + respondedNanos[operation]
        + "]";
  }

  /** Whether the values form one chain, with adds in doubt in its gaps; confined to a check. */
  private final class Chain {

    private final int[] known;
    private final int knownCount;
    private final int[] doubtful;
    private final int doubtfulCount;
    private int used;

    Chain(int[] known, int knownCount, int[] doubtful, int doubtfulCount) {
      this.known = known;
      this.knownCount = knownCount;
      this.doubtful = doubtful;
      this.doubtfulCount = doubtfulCount;
    }

    Verdict check(long initialValue, long finalValue) {
      long[] deadline = deadlines();
      long value = initialValue;
      for (int i = 0; i < knownCount; i++) {
        int operation = known[i];
        if (previous[operation] < value) {
          return new Verdict.Violation(
              describe(operation)
                  + (i == 0 ? " saw less than the initial value " : " overlaps the add up to ")
                  + value
                  + (i == 0 ? "" : " " + describe(known[i - 1]) + ": one of them got lost"));
        }
        Verdict gap = fill(value, previous[operation], deadline[i]);
        if (!(gap instanceof Verdict.Consistent)) {
          return gap;
        }
        value = previous[operation] + delta[operation];
      }
      if (finalValue < value) {
        return new Verdict.Violation(
            "the final value " + finalValue + " is less than " + value + ": adds got lost");
      }
      return fill(value, finalValue, Long.MAX_VALUE);
    }

    /** By when what comes before the operation at each place of the chain has happened. */
    private long[] deadlines() {
      long[] deadline = new long[knownCount];
      long earliest = Long.MAX_VALUE;
      for (int i = knownCount - 1; i >= 0; i--) {
        earliest = Math.min(earliest, respondedNanos[known[i]]);
        deadline[i] = earliest;
      }
      return deadline;
    }

    /** Deadlines only grow along the chain, so the doubtful adds that began first go first. */
    private Verdict fill(long from, long to, long deadlineNanos) {
      long gap = to - from;
      while (gap > 0) {
        if (used == doubtfulCount) {
          return new Verdict.Violation(
              "nobody added the " + gap + " that lead from " + from + " to " + to);
        }
        long by = delta[doubtful[0]];
        if (delta[doubtful[doubtfulCount - 1]] != by || delta[doubtful[used]] != by) {
          return new Verdict.Undecided("adds of different sizes are in doubt");
        }
        if (by > gap || invokedNanos[doubtful[used]] > deadlineNanos) {
          return new Verdict.Violation(
              "no add in doubt explains how " + from + " became " + to + " by " + deadlineNanos);
        }
        used++;
        gap -= by;
      }
      return new Verdict.Consistent(size);
    }
  }
}
