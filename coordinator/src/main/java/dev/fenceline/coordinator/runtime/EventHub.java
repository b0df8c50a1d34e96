package dev.fenceline.coordinator.runtime;

import dev.fenceline.coordinator.engine.event.Event;
import dev.fenceline.coordinator.engine.event.EventDraft;
import dev.fenceline.coordinator.engine.event.EventLog;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The event log that many threads write and read, and where readers wait for news. Thread-safe.
 * Writers never wait for readers: a reader that is too slow finds a gap.
 */
public final class EventHub implements AutoCloseable {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition news = lock.newCondition();
  private final EventLog log;
  private final Semaphore subscribers;
  private boolean closed;

  /**
   * @param capacity events kept
   * @param maxSubscribers that may wait for news at once
   */
  public EventHub(int capacity, int maxSubscribers) {
    this.log = new EventLog(capacity);
    this.subscribers = new Semaphore(maxSubscribers);
  }

  public Event append(EventDraft what) {
    lock.lock();
    try {
      Event event = log.append(what);
      news.signalAll();
      return event;
    } finally {
      lock.unlock();
    }
  }

  /** Reads the log between two appends. */
  public <T> T read(Function<EventLog, T> reader) {
    lock.lock();
    try {
      return reader.apply(log);
    } finally {
      lock.unlock();
    }
  }

  /** The newest wanted events, oldest first. */
  public List<Event> newest(Predicate<Event> wanted, int limit) {
    return read(events -> events.newest(wanted, limit));
  }

  /**
   * Wanted events behind a number; waits for one if there is none and none was lost.
   *
   * @return an empty batch when the time is over
   */
  public EventLog.Batch await(long number, Predicate<Event> wanted, int limit, long timeoutNanos)
      throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long leftNanos = timeoutNanos;
      EventLog.Batch batch = log.after(number, wanted, limit);
      while (batch.events().isEmpty() && batch.lostTo() == 0 && leftNanos > 0 && !closed) {
        leftNanos = news.awaitNanos(leftNanos);
        batch = log.after(batch.position(), wanted, limit);
      }
      return batch;
    } finally {
      lock.unlock();
    }
  }

  /** Takes a place among those who wait for news; false if all are taken or the hub is closed. */
  public boolean subscribe() throws InterruptedException {
    return !isClosed() && subscribers.tryAcquire(0, TimeUnit.NANOSECONDS);
  }

  /** Gives the place back. */
  public void unsubscribe() {
    subscribers.release();
  }

  public boolean isClosed() {
    return read(events -> closed);
  }

  /** Sends every reader home. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      news.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
