package dev.fenceline.testbed.replay;

import dev.fenceline.testbed.check.CounterHistory;
import dev.fenceline.testbed.trace.LinuxFlags;
import java.util.List;
import java.util.NavigableMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * An address space of the host during a replay, with the pages on it whose every word is watched.
 * Pages and windows are changed by the replaying thread alone; the rest is thread-safe.
 */
final class LiveSpace {
  /** Beyond what programs use: memory that stays while the recorded mappings come and go. */
  static final PageRange STEADY = new PageRange(0x2000_0000_0000L, 16 * PageRange.PAGE_BYTES);

  static final int COUNTERS = 4;

  private final int key;
  private final long hostId;
  private final boolean counting;
  private final NavigableMap<Long, RightsTimeline> timelines = new ConcurrentSkipListMap<>();
  private final NavigableMap<Long, long[]> registers = new TreeMap<>();
  private final SortedSet<Long> scratchPages = new TreeSet<>();
  private final List<CheckedWindow> windows = new CopyOnWriteArrayList<>();

  /** Shared mappings: their words are not this space's alone, so nobody watches them. */
  private final List<PageRange> shared = new CopyOnWriteArrayList<>();

  private final AtomicInteger users = new AtomicInteger();
  private final CounterHistory[] counters = new CounterHistory[COUNTERS];
  private volatile boolean closing;
  private boolean countersLost;

  /**
   * @param key of the space in histories, see {@code History.word}
   * @param counting whether it was made afresh, so that its counters start at 0
   */
  LiveSpace(int key, long hostId, boolean counting) {
    this.key = key;
    this.hostId = hostId;
    this.counting = counting;
    for (int i = 0; i < COUNTERS; i++) {
      counters[i] = new CounterHistory(64);
    }
  }

  int key() {
    return key;
  }

  long hostId() {
    return hostId;
  }

  /** Whether its counters are judged. */
  boolean counting() {
    return counting;
  }

  /** What each watched page permitted over time, by address; pages stay when unmapped. */
  NavigableMap<Long, RightsTimeline> timelines() {
    return timelines;
  }

  /** The watched words of each page that is mapped now, by the page's address. */
  NavigableMap<Long, long[]> registers() {
    return registers;
  }

  /** Pages that ever were scratch pages, by address. */
  SortedSet<Long> scratchPages() {
    return scratchPages;
  }

  /** Where programs may run now. */
  List<CheckedWindow> windows() {
    return windows;
  }

  /** False if the space is about to end; else {@link #leave} must follow. */
  boolean enter() {
    users.incrementAndGet();
    if (closing) {
      users.decrementAndGet();
      return false;
    }
    return true;
  }

  void leave() {
    users.decrementAndGet();
  }

  /** Lets nobody in any more. */
  void close() {
    closing = true;
  }

  boolean idle() {
    return users.get() == 0;
  }

  /** Shared mappings that there ever were and that were not unmapped as a whole. */
  List<PageRange> shared() {
    return shared;
  }

  boolean readWrite(long page) {
    RightsTimeline timeline = timelines.get(page);
    return timeline != null && Protections.readWrite(timeline.current());
  }

  boolean readable(long page) {
    RightsTimeline timeline = timelines.get(page);
    return timeline != null && (timeline.current() & LinuxFlags.PROT_READ) != 0;
  }

  static long counterAddress(int counter) {
    return STEADY.start() + 512L * counter;
  }

  /** A finished add of 1 on a counter. */
  synchronized void counted(int counter, long previous, long invokedNanos, long respondedNanos) {
    counters[counter].add(previous, 1, invokedNanos, respondedNanos);
  }

  /** An add of 1 of which nobody knows whether it happened. */
  synchronized void countedInDoubt(int counter, long invokedNanos) {
    counters[counter].addInDoubt(1, invokedNanos);
  }

  /** Adds got lost on the way to the checker, so that the counters prove nothing. */
  synchronized void loseCounters() {
    countersLost = true;
  }

  /** The history of a counter, null if it is not complete. */
  synchronized @Nullable CounterHistory counter(int counter) {
    return countersLost || !counting ? null : counters[counter];
  }
}
