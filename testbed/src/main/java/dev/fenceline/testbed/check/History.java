package dev.fenceline.testbed.check;

import dev.fenceline.testbed.check.Operation.Kind;
import java.util.Arrays;
import java.util.List;

/**
 * The operations on words that one participant saw, in columns of primitives.
 *
 * <p>Appended to by one thread; read by others only after a hand-over that orders memory, such as
 * the end of that thread. An operation takes 37 bytes.
 */
public final class History {

  /** The response time of an operation of which nobody knows whether it happened. */
  public static final long IN_DOUBT = Long.MAX_VALUE;

  private static final int SPACE_SHIFT = 47;
  private static final long ADDRESS_MASK = (1L << SPACE_SHIFT) - 1;

  private long[] words;
  private long[] values;
  private long[] invokedNanos;
  private long[] respondedNanos;
  private int[] actors;
  private byte[] kinds;
  private int size;

  public History() {
    this(1024);
  }

  /** A history with room for a number of operations before it has to grow. */
  public History(int capacity) {
    words = new long[capacity];
    values = new long[capacity];
    invokedNanos = new long[capacity];
    respondedNanos = new long[capacity];
    actors = new int[capacity];
    kinds = new byte[capacity];
  }

  /** The key of a word: its address within one of up to 65,536 address spaces. */
  public static long word(int spaceKey, long address) {
    if (spaceKey < 0 || spaceKey >= 1 << 16 || (address & ~ADDRESS_MASK) != 0) {
      throw new IllegalArgumentException(
          "no word: space " + spaceKey + ", address 0x" + Long.toHexString(address));
    }
    return (long) spaceKey << SPACE_SHIFT | address;
  }

  /** A word's key as a person reads it. */
  public static String describeWord(long word) {
    return "space "
        + (word >>> SPACE_SHIFT)
        + ", address 0x"
        + Long.toHexString(word & ADDRESS_MASK);
  }

  /**
   * Adds a read.
   *
   * @param respondedNanos a read in doubt proves nothing and is dropped
   */
  public void read(long word, long value, long invokedNanos, long respondedNanos, int actor) {
    if (respondedNanos != IN_DOUBT) {
      add(Kind.READ, word, value, invokedNanos, respondedNanos, actor);
    }
  }

  /** Adds a write; {@link #IN_DOUBT} says that it may have happened, now or later, or never. */
  public void write(long word, long value, long invokedNanos, long respondedNanos, int actor) {
    add(Kind.WRITE, word, value, invokedNanos, respondedNanos, actor);
  }

  /** Adds the appearance of a known value: the word was mapped afresh or its page discarded. */
  public void reset(long word, long value, long invokedNanos, long respondedNanos, int actor) {
    add(Kind.RESET, word, value, invokedNanos, respondedNanos, actor);
  }

  /** Adds the word's end; follow it with a {@link #reset} once it is mapped again. */
  public void unmap(long word, long invokedNanos, long respondedNanos, int actor) {
    add(Kind.UNMAP, word, 0, invokedNanos, respondedNanos, actor);
  }

  private void add(Kind kind, long word, long value, long invoked, long responded, int actor) {
    if (responded < invoked) {
      throw new IllegalArgumentException("responded " + responded + " before invoked " + invoked);
    }
    if (size == words.length) {
      grow(Math.max(1024, size + (size >> 1)));
    }
    words[size] = word;
    values[size] = value;
    invokedNanos[size] = invoked;
    respondedNanos[size] = responded;
    actors[size] = actor;
    kinds[size] = kind.code;
    size++;
  }

  /** All operations of several histories in one. */
  public static History merge(List<History> histories) {
    int total = 0;
    for (History history : histories) {
      total = Math.addExact(total, history.size);
    }
    History merged = new History(total);
    for (History history : histories) {
      merged.append(history);
    }
    return merged;
  }

  private void append(History other) {
    System.arraycopy(other.words, 0, words, size, other.size);
    System.arraycopy(other.values, 0, values, size, other.size);
    System.arraycopy(other.invokedNanos, 0, invokedNanos, size, other.size);
    System.arraycopy(other.respondedNanos, 0, respondedNanos, size, other.size);
    System.arraycopy(other.actors, 0, actors, size, other.size);
    System.arraycopy(other.kinds, 0, kinds, size, other.size);
    size += other.size;
  }

  private void grow(int capacity) {
    words = Arrays.copyOf(words, capacity);
    values = Arrays.copyOf(values, capacity);
    invokedNanos = Arrays.copyOf(invokedNanos, capacity);
    respondedNanos = Arrays.copyOf(respondedNanos, capacity);
    actors = Arrays.copyOf(actors, capacity);
    kinds = Arrays.copyOf(kinds, capacity);
  }

  /** How many operations there are. */
  public int size() {
    return size;
  }

  /** The operation at an index in the order of appending. */
  public Operation operation(int index) {
    return new Operation(
        kind(index),
        words[index],
        values[index],
        invokedNanos[index],
        respondedNanos[index],
        actors[index]);
  }

  Kind kind(int index) {
    return Kind.of(kinds[index]);
  }

  boolean isRead(int index) {
    return kinds[index] == Kind.READ.code;
  }

  long word(int index) {
    return words[index];
  }

  long value(int index) {
    return values[index];
  }

  long invokedNanos(int index) {
    return invokedNanos[index];
  }

  long respondedNanos(int index) {
    return respondedNanos[index];
  }
}
