package dev.fenceline.coordinator.config;

import java.util.function.LongSupplier;

/**
 * Monotonic time since the service began to serve; stands at 0 until then. Thread-safe. The
 * recovery window must not pass while the process still starts and no node can reach it.
 */
final class ServiceClock implements LongSupplier {
  private volatile boolean running;
  private volatile long originNanos;

  /** Lets time begin. */
  void start() {
    originNanos = System.nanoTime();
    running = true;
  }

  @Override
  public long getAsLong() {
    return running ? System.nanoTime() - originNanos : 0;
  }
}
