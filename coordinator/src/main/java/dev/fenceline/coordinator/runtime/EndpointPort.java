package dev.fenceline.coordinator.runtime;

/** The connections to nodes. Called by one thread at a time; must not block. */
public interface EndpointPort {
  /** Drops the connection to the endpoint, if there is one; calls under way may finish. */
  void release(String endpoint);
}
