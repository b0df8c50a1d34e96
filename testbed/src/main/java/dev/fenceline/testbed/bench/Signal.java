package dev.fenceline.testbed.bench;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Wakes the measuring thread when a number of things have happened. Made, set and awaited by that
 * thread; counted down by any.
 */
final class Signal {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final Thread waiter = Thread.currentThread();
  private final AtomicInteger missing = new AtomicInteger();

  void expect(int count) {
    missing.set(count);
  }

  void countDown() {
    if (missing.decrementAndGet() == 0) {
      LockSupport.unpark(waiter);
    }
  }

  /**
   * Waits until all that was expected has happened.
   *
   * @throws IllegalStateException if it takes longer than half a minute
   */
  void await() {
    long startedNanos = System.nanoTime();
    while (missing.get() > 0) {
      LockSupport.parkNanos(this, PATIENCE_NANOS);
      if (System.nanoTime() - startedNanos > PATIENCE_NANOS) {
        throw new IllegalStateException(missing.get() + " answers are missing");
      }
    }
  }
}
