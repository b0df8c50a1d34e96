package dev.fenceline.testbed.replay;

import dev.fenceline.testbed.trace.LackeyReader;
import dev.fenceline.testbed.trace.MemoryAccess;
import dev.fenceline.testbed.trace.SkippedLine;
import dev.fenceline.testbed.trace.TraceSummary;
import dev.fenceline.testbed.trace.UnusableTrace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.NavigableMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * The loads and stores of a lackey trace as slices of word accesses in program order, thinned out
 * evenly to a given number. Confined to one thread.
 *
 * <p>An access is a word's address plus 0 for a load, 1 for a store, 2 for a load and then a store.
 * One that crosses words or is wider than a word becomes one of each word. Instruction fetches are
 * left out.
 */
final class AccessSlices {
  static final int LOAD = 0;
  static final int STORE = 1;
  static final int MODIFY = 2;
  static final int KIND_MASK = Long.BYTES - 1;

  /** Long enough for a program's start to cost little, short enough to be dealt out fairly. */
  static final int SLICE = 256;

  private static final int READ_AT_ONCE = 65_536;
  private static final long ADDRESS_LIMIT = 1L << 47;
  private static final int MAX_PAGES = 1 << 18;

  private final Path trace;
  private final NavigableMap<Long, SortedSet<Long>> wordsByPage = new TreeMap<>();
  private long wordAccesses;
  private long outside;
  private long keepEvery = 1;

  AccessSlices(Path trace) {
    this.trace = trace;
  }

  /** Takes the slices that are kept, in program order; returns false to end. */
  interface Sink {
    boolean slice(long[] accesses) throws InterruptedException;
  }

  /** The words that are touched, by page. Known after {@link #scan}. */
  NavigableMap<Long, SortedSet<Long>> wordsByPage() {
    return wordsByPage;
  }

  /** Word accesses in the trace. Known after {@link #scan}. */
  long wordAccesses() {
    return wordAccesses;
  }

  /** Of so many slices one is kept. Known after {@link #scan}. */
  long keepEvery() {
    return keepEvery;
  }

  /** Accesses that could not be kept, being outside of user space or on too many pages. */
  long outside() {
    return outside;
  }

  /**
   * Reads the trace once, to know its pages and its length.
   *
   * @throws UnusableTrace if it holds no access
   */
  TraceSummary scan(long maxAccesses, Consumer<SkippedLine> onSkipped)
      throws IOException, UnusableTrace {
    try (LackeyReader reader = LackeyReader.open(trace, onSkipped)) {
      while (reader.read(READ_AT_ONCE, this::note) == READ_AT_ONCE) {
        // Each round reads a part.
      }
      keepEvery = Math.max(1, (wordAccesses + maxAccesses - 1) / maxAccesses);
      return reader.summary();
    }
  }

  private void note(MemoryAccess.Kind kind, long address, int sizeBytes) {
    if (kind == MemoryAccess.Kind.INSTRUCTION) {
      return;
    }
    for (long word = address & -Long.BYTES; word < address + sizeBytes; word += Long.BYTES) {
      long page = word & -PageRange.PAGE_BYTES;
      boolean inside = word >= PageRange.PAGE_BYTES && word < ADDRESS_LIMIT;
      if (!inside || (wordsByPage.size() >= MAX_PAGES && !wordsByPage.containsKey(page))) {
        outside++;
        continue;
      }
      wordAccesses++;
      wordsByPage.computeIfAbsent(page, key -> new TreeSet<>()).add(word);
    }
  }

  /** Reads the trace again and hands out the slices that are kept. */
  void deal(Sink sink) throws IOException, UnusableTrace, InterruptedException {
    Dealer dealer = new Dealer();
    try (LackeyReader reader = LackeyReader.open(trace, skipped -> {})) {
      int read = READ_AT_ONCE;
      while (read == READ_AT_ONCE) {
        read = reader.read(READ_AT_ONCE, dealer);
        if (!dealer.flush(sink, read < READ_AT_ONCE)) {
          return;
        }
      }
    }
  }

  /** Gathers word accesses until they make slices. */
  private final class Dealer implements MemoryAccess.Visitor {
    private long[] gathered = new long[READ_AT_ONCE * 2];
    private int count;
    private long slices;

    @Override
    public void access(MemoryAccess.Kind kind, long address, int sizeBytes) {
      int code =
          switch (kind) {
            case LOAD -> LOAD;
            case STORE -> STORE;
            case MODIFY -> MODIFY;
            case INSTRUCTION -> -1;
          };
      for (long word = address & -Long.BYTES;
          code >= 0 && word < address + sizeBytes;
          word += Long.BYTES) {
        if (wordsByPage.containsKey(word & -PageRange.PAGE_BYTES)) {
          add(word | code);
        }
      }
    }

    private void add(long access) {
      if (count == gathered.length) {
        gathered = Arrays.copyOf(gathered, count * 2);
      }
      gathered[count++] = access;
    }

    /** Hands out whole slices, and the rest as well if it is the last. */
    boolean flush(Sink sink, boolean last) throws InterruptedException {
      int from = 0;
      while (count - from >= SLICE || (last && from < count)) {
        int to = Math.min(count, from + SLICE);
        if (slices++ % keepEvery == 0 && !sink.slice(Arrays.copyOfRange(gathered, from, to))) {
          return false;
        }
        from = to;
      }
      System.arraycopy(gathered, from, gathered, 0, count - from);
      count -= from;
      return true;
    }
  }
}
