package dev.fenceline.coordinator.config;

import dev.fenceline.coordinator.runtime.WallTime;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.function.LongSupplier;

/**
 * Monotonic time since the service began to serve; stands at 0 until then. Thread-safe. The
 * recovery window must not pass while the process still starts and no node can reach it.
 */
final class ServiceClock implements LongSupplier, WallTime {
  private volatile boolean running;
  private volatile long originNanos;
  private volatile Instant origin = Instant.now();

  /** Lets time begin. */
  void start() {
    originNanos = System.nanoTime();
    origin = Instant.now();
    running = true;
  }

  @Override
  public long getAsLong() {
    return running ? System.nanoTime() - originNanos : 0;
  }

  @Override
  public Instant at(long engineNanos) {
    return origin.plusNanos(engineNanos).truncatedTo(ChronoUnit.MILLIS);
  }
}
