package dev.fenceline.coordinator.runtime;

import java.time.Instant;

/**
 * Shows moments of the engine's clock to people. Thread-safe; the same moment is always shown the
 * same.
 */
@FunctionalInterface
public interface WallTime {
  Instant at(long engineNanos);
}
