package dev.fenceline.agent.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that lets the imitated delays of an agent's devices pass, to within microseconds.
 * Thread-safe.
 *
 * <p>A timer of the system is late by its slack and by the time that a thread takes to wake up:
 * here some 75 us in the median, a twelfth of a drain of 1 ms, and a device is measured by it. So
 * the thread parks until shortly before the end and watches the clock from there. It does so for
 * {@link #WATCHED_NANOS} at most before each instant at which delays end, and for nothing else: an
 * agent whose devices have no delay never wakes it.
 */
final class DelayLine implements AutoCloseable {
  /** Longer than timers are late in most cases; a core is busy for that long per instant. */
  static final long WATCHED_NANOS = 100_000;

  private static final Logger LOG = LoggerFactory.getLogger(DelayLine.class);
  private static final long NEVER = Long.MAX_VALUE;

  /** Ends so long after the origin. */
  private record Delay(long endNanos, ImitatedDrain drain) implements Comparable<Delay> {
    @Override
    public int compareTo(Delay other) {
      return Long.compare(endNanos, other.endNanos);
    }
  }

  private final Thread thread;
  private final Object lock = new Object();

  /** What has not ended; guarded by the lock. */
  private final PriorityQueue<Delay> waiting = new PriorityQueue<>();

  /** Time from {@code originNanos} to the next end; written under the lock, read by the thread. */
  private volatile long nextNanos = NEVER;

  /** What times are counted from, so that {@code NEVER} is later than all of them. */
  private final long originNanos = System.nanoTime();

  private volatile boolean closed;

  DelayLine() {
    thread = Thread.ofPlatform().name("agent-delays").daemon().start(this::serve);
  }

  /** Begins the drain delay of each one's device, now for all of them. */
  void begin(List<ImitatedDrain> drains) {
    List<ImitatedDrain> ended = new ArrayList<>(drains.size());
    boolean earlier = false;
    synchronized (lock) {
      long now = elapsedNanos();
      for (ImitatedDrain drain : drains) {
        long nanos = drain.device().delays().drainNanos();
        if (nanos == 0) {
          ended.add(drain);
        } else {
          waiting.add(new Delay(now + nanos, drain));
        }
      }
      earlier = noteNext();
    }
    if (earlier) {
      LockSupport.unpark(thread);
    }
    tell(ended);
  }

  /** What has not ended then never does. */
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
  }

  private long elapsedNanos() {
    return System.nanoTime() - originNanos;
  }

  /** Whether the next end is earlier than the thread believed; under the lock. */
  private boolean noteNext() {
    Delay first = waiting.peek();
    long next = first == null ? NEVER : first.endNanos();
    boolean earlier = next < nextNanos;
    nextNanos = next;
    return earlier;
  }

  private void serve() {
    while (!closed) {
      long next = nextNanos;
      long left = next == NEVER ? NEVER : next - elapsedNanos();
      if (left <= 0) {
        tell(due());
      } else if (left == NEVER) {
        LockSupport.park(this);
      } else if (left > WATCHED_NANOS) {
        LockSupport.parkNanos(this, left - WATCHED_NANOS);
      } else {
        Thread.onSpinWait(); // an earlier end that comes meanwhile is seen in the next round
      }
    }
  }

  private List<ImitatedDrain> due() {
    List<ImitatedDrain> due = new ArrayList<>();
    synchronized (lock) {
      long now = elapsedNanos();
      for (Delay first = waiting.peek(); first != null && first.endNanos() <= now; ) {
        due.add(first.drain());
        waiting.poll();
        first = waiting.peek();
      }
      noteNext();
    }
    return due;
  }

  /** Each listener once, with all of its drains. */
  private static void tell(List<ImitatedDrain> ended) {
    List<ImitatedDrain> left = ended;
    while (!left.isEmpty()) {
      ImitatedDrain.Listener listener = left.getFirst().listener();
      List<ImitatedDrain> its = new ArrayList<>(left.size());
      List<ImitatedDrain> others = new ArrayList<>();
      for (ImitatedDrain drain : left) {
        (drain.listener() == listener ? its : others).add(drain);
      }
      try {
        listener.ended(its);
      } catch (RuntimeException e) {
        LOG.error("the end of {} drains was not taken in", its.size(), e);
      }
      left = others;
    }
  }
}
