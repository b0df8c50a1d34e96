package dev.fenceline.testbed.sim;

import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Virtual time, and what is to happen in it, ordered by time, then by a seeded random tie. Confined
 * to one thread.
 *
 * <p>It hashes what happens, so that two runs of one seed can be compared event by event.
 */
final class EventLoop {
  private static final long HASH_STEP = 0x9E3779B97F4A7C15L;

  private record Event(long timeNanos, int tie, long number, String label, Runnable action)
      implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(timeNanos, other.timeNanos);
      if (byTime != 0) {
        return byTime;
      }
      int byTie = Integer.compare(tie, other.tie);
      return byTie != 0 ? byTie : Long.compare(number, other.number);
    }
  }

  /** Hears of each event when it is over. */
  interface Observer {
    void happened(long timeNanos, String label, long hash);
  }

  private final PriorityQueue<Event> queue = new PriorityQueue<>(256);
  private final SplittableRandom ties;
  private final @Nullable Observer observer;
  private final @Nullable StringBuilder trace;
  private long nowNanos;
  private long scheduled;
  private long happened;
  private long hash;
  private long stamp;

  EventLoop(SplittableRandom ties, @Nullable Observer observer, @Nullable StringBuilder trace) {
    this.ties = ties;
    this.observer = observer;
    this.trace = trace;
  }

  long nowNanos() {
    return nowNanos;
  }

  /** Grows with each call: an order of instants within and across events. */
  long stamp() {
    return ++stamp;
  }

  /** Events that have happened. */
  long happened() {
    return happened;
  }

  long hash() {
    return hash;
  }

  void after(long delayNanos, String label, Runnable action) {
    queue.add(new Event(nowNanos + delayNanos, ties.nextInt(), ++scheduled, label, action));
  }

  /** Lets the next event happen, unless there is none before the time given. */
  boolean step(long untilNanos) {
    Event next = queue.peek();
    if (next == null || next.timeNanos > untilNanos) {
      nowNanos = Math.max(nowNanos, untilNanos);
      return false;
    }
    queue.poll();
    nowNanos = next.timeNanos;
    happened++;
    mix(nowNanos);
    mix(next.label.hashCode());
    next.action.run();
    if (observer != null) {
      observer.happened(nowNanos, next.label, hash);
    }
    return true;
  }

  /** Takes a detail of what happens into the hash. */
  void mix(long detail) {
    long mixed = (hash ^ detail) * HASH_STEP;
    hash = mixed ^ (mixed >>> 29);
  }

  boolean tracing() {
    return trace != null;
  }

  void trace(Supplier<String> line) {
    if (trace != null) {
      trace.append("%,15d  ".formatted(nowNanos)).append(line.get()).append('\n');
    }
  }
}
