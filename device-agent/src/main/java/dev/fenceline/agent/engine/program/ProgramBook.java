package dev.fenceline.agent.engine.program;

import dev.fenceline.agent.engine.program.ProgramEntry.State;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The programs of this boot: all that wait or run, and the last that ended. Not thread-safe: its
 * owner confines it.
 *
 * @param <W> the work of a program
 * @param <R> what a program ends with
 */
public final class ProgramBook<W, R> {
  /** Programs that ended and are remembered. */
  public static final int MAX_ENDED = 1024;

  /** Bytes of results that are remembered; the oldest lose theirs first. */
  public static final long MAX_RESULT_BYTES = 4L << 20;

  private final TreeMap<Long, ProgramEntry<W, R>> byNumber = new TreeMap<>();
  private final ArrayDeque<ProgramEntry<W, R>> ended = new ArrayDeque<>();
  private final ArrayDeque<ProgramEntry<W, R>> heavy = new ArrayDeque<>();
  private final ToLongFunction<R> resultBytes;
  private final UnaryOperator<R> withoutBytes;
  private long heldBytes;
  private long last;

  /**
   * @param resultBytes how much of a result could be forgotten
   * @param withoutBytes the result without that
   */
  public ProgramBook(ToLongFunction<R> resultBytes, UnaryOperator<R> withoutBytes) {
    this.resultBytes = resultBytes;
    this.withoutBytes = withoutBytes;
  }

  /** Takes a program in. */
  public ProgramEntry<W, R> add(ProgramEntry.Order order, W work, long nowMillis) {
    ProgramEntry<W, R> entry = new ProgramEntry<>(++last, order, work, nowMillis);
    byNumber.put(entry.number(), entry);
    return entry;
  }

  /** The number given out last; 0 if none was. */
  public long lastNumber() {
    return last;
  }

  /** Takes one back that no queue had room for; its number stays unused. */
  public void withdraw(ProgramEntry<W, R> entry) {
    byNumber.remove(entry.number());
  }

  /** A unit has taken it; false if it has ended meanwhile and must not run. */
  public boolean start(ProgramEntry<W, R> entry, long nowMillis) {
    if (entry.state().ended()) {
      return false;
    }
    entry.started(nowMillis);
    return true;
  }

  /** It ended; false, and nothing happens, if it had before. */
  public boolean end(ProgramEntry<W, R> entry, State how, R result, long nowMillis) {
    if (entry.state().ended()) {
      return false;
    }
    entry.ended(how, result, nowMillis);
    ended.addLast(entry);
    long bytes = resultBytes.applyAsLong(result);
    if (bytes > 0) {
      heavy.addLast(entry);
      heldBytes += bytes;
    }
    while (heldBytes > MAX_RESULT_BYTES) {
      lighten(heavy.removeFirst());
    }
    if (ended.size() > MAX_ENDED) {
      ProgramEntry<W, R> oldest = ended.removeFirst();
      byNumber.remove(oldest.number());
      if (heavy.peekFirst() == oldest) {
        lighten(heavy.removeFirst());
      }
    }
    return true;
  }

  public @Nullable ProgramEntry<W, R> find(long number) {
    return byNumber.get(number);
  }

  /** The newest first that are older than a number (0: all) and wanted, at most so many. */
  public List<ProgramEntry<W, R>> list(
      long beforeNumber, Predicate<ProgramEntry<W, R>> wanted, int limit) {
    List<ProgramEntry<W, R>> found = new ArrayList<>();
    NavigableMap<Long, ProgramEntry<W, R>> older =
        beforeNumber == 0 ? byNumber : byNumber.headMap(beforeNumber, false);
    for (ProgramEntry<W, R> entry : older.descendingMap().values()) {
      if (found.size() == limit) {
        break;
      }
      if (wanted.test(entry)) {
        found.add(entry);
      }
    }
    return found;
  }

  private void lighten(ProgramEntry<W, R> entry) {
    R result = entry.result();
    if (result != null) {
      heldBytes -= resultBytes.applyAsLong(result);
      entry.replaceResult(withoutBytes.apply(result));
    }
  }
}
