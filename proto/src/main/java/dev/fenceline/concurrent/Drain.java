package dev.fenceline.concurrent;

import java.util.Arrays;

/**
 * The wait for those accesses to a range that were announced when it began; later accesses do not
 * concern it. Thread-safe: its state is guarded by the lock of the {@link AccessSlots} that it
 * belongs to.
 */
public final class Drain {
  private final Object lock;
  private final Runnable onDrained;

  /** What is still waited for, up to {@code outstanding}: pairs of a slot and its announcement. */
  private final long[] accesses;

  private int outstanding;

  Drain(Object lock, long[] accesses, Runnable onDrained) {
    this.lock = lock;
    this.accesses = accesses;
    this.outstanding = accesses.length / 2;
    this.onDrained = onDrained;
  }

  /** Whether all of the accesses have ended; the callback is run right after this becomes true. */
  public boolean isDrained() {
    synchronized (lock) {
      return outstanding == 0;
    }
  }

  /** The slots that are still waited for: who holds it up. */
  public int[] outstandingSlots() {
    synchronized (lock) {
      int[] slots = new int[outstanding];
      Arrays.setAll(slots, this::slot);
      return slots;
    }
  }

  int outstanding() {
    return outstanding;
  }

  int slot(int position) {
    return (int) accesses[2 * position];
  }

  long announcement(int position) {
    return accesses[2 * position + 1];
  }

  /** Forgets the access at a position; the last one takes its place. */
  void ended(int position) {
    outstanding--;
    accesses[2 * position] = accesses[2 * outstanding];
    accesses[2 * position + 1] = accesses[2 * outstanding + 1];
  }

  Runnable onDrained() {
    return onDrained;
  }
}
