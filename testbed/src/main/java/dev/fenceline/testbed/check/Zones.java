package dev.fenceline.testbed.check;

import dev.fenceline.testbed.check.Operation.Kind;
import org.jspecify.annotations.Nullable;

/**
 * The operations on one word, grouped by the write that they belong to (the word's
 * <em>holders</em>), with the time that each group must or may have held it.
 *
 * <p>Confined to one thread. A holder's zone lies between the earliest end and the latest beginning
 * of its operations:
 *
 * <pre>
 *   forward: one operation ended before another began,    backward: all overlap in some instant,
 *   so the value stood there all the time between         and any instant of the zone will do
 *
 *     W(1) |---|           R(1) |---|                       W(2) |--------|
 *              [== zone ==]                                 R(2)     |--------|
 *                                                                    [....] zone
 * </pre>
 *
 * <p>If each value has one writer, the word is linearizable exactly if no read ends before its
 * write begins, no two forward zones overlap, and no backward zone lies inside a forward one.
 */
final class Zones {

  /** Which of several possible writers of a value a read is given to. */
  enum Preference {
    LATEST,
    EARLIEST
  }

  /** Stands for the operation that gave the word its initial value. */
  private static final int NOBODY = -1;

  /** The row of the initial value's holder. */
  private static final int INITIAL_ROW = 0;

  private final History history;
  private final int[] operations;
  private final int from;
  private final int to;
  private final IndexSort sort;
  private final Overwrites overwrites;

  // One row per holder: its writer, the operations that bound its zone, and the bounds.
  private final int[] writer;
  private final int[] earliestEnder;
  private final int[] latestBeginner;
  private final long[] endNanos;
  private final long[] beginNanos;
  // By when the holder's value was overwritten; the maximum over the rows of the same value so far.
  private final long[] overwrittenNanos;
  private final long[] latestOverwrittenNanos;
  private int rows;

  private boolean ambiguous;
  private boolean initialReadable;
  private long initialValue;
  private Verdict.@Nullable Violation violation;

  /**
   * The word of {@code operations[from, to)}, which are indices of the history sorted by value.
   *
   * @param sort scratch space
   */
  Zones(History history, int[] operations, int from, int to, IndexSort sort) {
    this.history = history;
    this.operations = operations;
    this.from = from;
    this.to = to;
    this.sort = sort;
    overwrites = new Overwrites(history, operations, from, to);
    int capacity = to - from + 1;
    writer = new int[capacity];
    earliestEnder = new int[capacity];
    latestBeginner = new int[capacity];
    endNanos = new long[capacity];
    beginNanos = new long[capacity];
    overwrittenNanos = new long[capacity];
    latestOverwrittenNanos = new long[capacity];
  }

  /** Whether the last judgement had to choose between writers; then a violation proves nothing. */
  boolean ambiguous() {
    return ambiguous;
  }

  /** Whether the word's first value can be read at all. */
  boolean initialReadable() {
    return initialReadable;
  }

  long initialValue() {
    return initialValue;
  }

  /** Null if the word behaved. */
  Verdict.@Nullable Violation judge(InitialValue initial, Preference preference) {
    start(initial);
    int runStart = from;
    while (runStart < to && violation == null) {
      int runEnd = runStart + 1;
      long value = history.value(operations[runStart]);
      while (runEnd < to && history.value(operations[runEnd]) == value) {
        runEnd++;
      }
      group(runStart, runEnd, initial, preference);
      runStart = runEnd;
    }
    return violation == null ? compare() : violation;
  }

  private void start(InitialValue initial) {
    rows = 0;
    ambiguous = false;
    violation = null;
    initialReadable = initial instanceof InitialValue.Known;
    initialValue = initial instanceof InitialValue.Known(long value) ? value : 0;
    addRow(NOBODY, Long.MIN_VALUE, Long.MIN_VALUE);
  }

  private void addRow(int operation, long begin, long end) {
    writer[rows] = operation;
    earliestEnder[rows] = operation;
    latestBeginner[rows] = operation;
    beginNanos[rows] = begin;
    endNanos[rows] = end;
    rows++;
  }

  /** Groups the operations of one value: its writers become rows, its reads join one of them. */
  private void group(int runStart, int runEnd, InitialValue initial, Preference preference) {
    int firstRow = addWriters(runStart, runEnd);
    boolean byInitial = initialReadable && history.value(operations[runStart]) == initialValue;
    int candidates = rows - firstRow + (byInitial ? 1 : 0);
    if (candidates > 1) {
      prepareChoice(firstRow);
    }
    for (int i = runStart; i < runEnd && violation == null; i++) {
      int read = operations[i];
      if (!history.isRead(read)) {
        continue;
      }
      if (candidates == 0) {
        adoptInitial(read, initial);
        byInitial = true;
        candidates = 1;
      }
      int row;
      if (candidates == 1) {
        row = byInitial ? INITIAL_ROW : firstRow;
      } else {
        row = choose(read, firstRow, byInitial, preference);
      }
      join(read, row);
    }
  }

  /** Returns the first row of the run's writers, which are sorted by their beginning. */
  private int addWriters(int runStart, int runEnd) {
    int[] writers = new int[runEnd - runStart];
    int count = 0;
    for (int i = runStart; i < runEnd; i++) {
      int operation = operations[i];
      if (history.kind(operation) == Kind.UNMAP) {
        // Nothing reads what it leaves behind: a row that no run refers to.
        addRow(operation, history.invokedNanos(operation), history.respondedNanos(operation));
      } else if (!history.isRead(operation)) {
        writers[count++] = operation;
      }
    }
    sort.sort(writers, 0, count, history::invokedNanos);
    int firstRow = rows;
    for (int i = 0; i < count; i++) {
      addRow(writers[i], history.invokedNanos(writers[i]), history.respondedNanos(writers[i]));
    }
    return firstRow;
  }

  /** A value that nobody wrote can only be the initial one, if that is not known. */
  private void adoptInitial(int read, InitialValue initial) {
    if (initial instanceof InitialValue.Anything() && !initialReadable) {
      initialReadable = true;
      initialValue = history.value(read);
      return;
    }
    Operation operation = history.operation(read);
    int firstReader = latestBeginner[INITIAL_ROW];
    Operation other = firstReader == NOBODY ? operation : history.operation(firstReader);
    violation =
        new Verdict.Violation(
            operation.word(),
            other,
            operation,
            History.describeWord(operation.word())
                + " returned a value that nobody wrote there: "
                + operation.describe());
  }

  private void prepareChoice(int firstRow) {
    long latest = Long.MIN_VALUE;
    for (int row = firstRow; row < rows; row++) {
      overwrittenNanos[row] = overwrites.after(history.respondedNanos(writer[row]));
      latest = Math.max(latest, overwrittenNanos[row]);
      latestOverwrittenNanos[row] = latest;
    }
  }

  /** A row whose value the read may have seen; if there is none, one that shows the violation. */
  private int choose(int read, int firstRow, boolean byInitial, Preference preference) {
    long begin = history.invokedNanos(read);
    int last = lastBegunBy(history.respondedNanos(read), firstRow);
    int chosen = NOBODY;
    int count = 0;
    for (int row = last; row >= firstRow && latestOverwrittenNanos[row] >= begin; row--) {
      if (overwrittenNanos[row] >= begin) {
        count++;
        chosen = chosen == NOBODY || preference == Preference.EARLIEST ? row : chosen;
      }
    }
    if (byInitial && overwrites.after(Long.MIN_VALUE) >= begin) {
      count++;
      chosen = chosen == NOBODY || preference == Preference.EARLIEST ? INITIAL_ROW : chosen;
    }
    ambiguous |= count > 1;
    return chosen == NOBODY ? Math.max(last, firstRow) : chosen;
  }

  /** The last row of the run whose writer began no later than {@code nanos}. */
  private int lastBegunBy(long nanos, int firstRow) {
    int low = firstRow;
    int high = rows;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (history.invokedNanos(writer[middle]) <= nanos) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }

  private void join(int read, int row) {
    long begin = history.invokedNanos(read);
    long end = history.respondedNanos(read);
    int by = writer[row];
    if (by != NOBODY && end < history.invokedNanos(by)) {
      violation = violation(by, read, "returned a value before its write began: ");
      return;
    }
    if (end < endNanos[row]) {
      endNanos[row] = end;
      earliestEnder[row] = read;
    }
    if (begin > beginNanos[row]) {
      beginNanos[row] = begin;
      latestBeginner[row] = read;
    }
  }

  private Verdict.@Nullable Violation compare() {
    int[] forward = new int[rows];
    int count = 0;
    for (int row = 0; row < rows; row++) {
      if (endNanos[row] < beginNanos[row]) {
        forward[count++] = row;
      }
    }
    sort.sort(forward, 0, count, row -> endNanos[row]);
    for (int i = 1; i < count; i++) {
      if (endNanos[forward[i]] < beginNanos[forward[i - 1]]) {
        return conflict(forward[i - 1], forward[i]);
      }
    }
    for (int row = 0; row < rows; row++) {
      if (endNanos[row] < beginNanos[row]) {
        continue;
      }
      int around = lastStartedBefore(beginNanos[row], forward, count);
      if (around >= 0 && endNanos[row] < beginNanos[around]) {
        return conflict(around, row);
      }
    }
    return null;
  }

  /**
   * The row of the last forward zone that starts before {@code nanos}, negative if there is none.
   */
  private int lastStartedBefore(long nanos, int[] forward, int count) {
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (endNanos[forward[middle]] < nanos) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low == 0 ? -1 : forward[low - 1];
  }

  /** Each of the two rows must come before the other. */
  private Verdict.Violation conflict(int outer, int inner) {
    int before = earliestEnder[outer];
    int between = latestBeginner[inner];
    int meanwhile = earliestEnder[inner];
    int after = latestBeginner[outer];
    String outerText = before == NOBODY ? "[initial value]" : describe(before);
    String innerText = meanwhile == NOBODY ? "[initial value]" : describe(meanwhile);
    String explanation =
        "two values alternate: "
            + outerText
            + " ended before "
            + describe(between)
            + " began, and "
            + innerText
            + " ended before "
            + describe(after)
            + " began, though each value was stored once: ";
    return meanwhile == NOBODY
        ? violation(before, between, explanation)
        : violation(meanwhile, after, explanation);
  }

  private String describe(int operation) {
    return history.operation(operation).describe();
  }

  private Verdict.Violation violation(int first, int second, String what) {
    Operation one = history.operation(first);
    Operation two = history.operation(second);
    return new Verdict.Violation(
        one.word(),
        one,
        two,
        History.describeWord(one.word())
            + " "
            + what
            + one.describe()
            + " contradicts "
            + two.describe());
  }
}
