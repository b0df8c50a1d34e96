package dev.fenceline.coordinator.runtime;

import dev.fenceline.coordinator.engine.query.HostEventBatch;

/** Where a host's events come from. Thread-safe. */
public interface HostEventSource {
  /**
   * Begins to watch; the listener is called by one thread at a time.
   *
   * @param afterNumber events behind this number of the epoch; 0 for all that the host keeps
   */
  Watch watch(String endpoint, long hostEpoch, long afterNumber, Listener listener);

  /** A watch that goes on until it is closed or its listener hears its end. */
  interface Watch extends AutoCloseable {
    @Override
    void close();
  }

  /** Hears a host. Must not block for long. */
  interface Listener {
    void events(HostEventBatch batch);

    /** Nothing will come any more. */
    void ended(String reason);
  }
}
