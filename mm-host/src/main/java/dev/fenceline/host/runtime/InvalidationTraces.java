package dev.fenceline.host.runtime;

import dev.fenceline.host.engine.invalidation.Invalidation;
import org.jspecify.annotations.Nullable;

/**
 * Port: makes traces of invalidations that have ended. Thread-safe; called inside mailboxes, so it
 * does not block.
 */
public interface InvalidationTraces {
  /** Traces nothing. */
  InvalidationTraces NONE =
      new InvalidationTraces() {
        @Override
        public boolean enter(
            Invalidation invalidation, @Nullable TraceContext caller, long nowNanos) {
          return false;
        }

        @Override
        public void leave(Invalidation invalidation, long nowNanos) {}
      };

  /**
   * Begins the trace of an invalidation if it is sampled; until {@link #leave}, what this thread
   * measures carries the trace's id as an exemplar.
   *
   * @return false if it is not sampled; then nothing has happened, and nothing was allocated
   */
  boolean enter(Invalidation invalidation, @Nullable TraceContext caller, long nowNanos);

  /** Ends what {@link #enter} began. */
  void leave(Invalidation invalidation, long nowNanos);
}
