package dev.fenceline.coordinator.runtime;

import dev.fenceline.coordinator.engine.Refusal;
import dev.fenceline.coordinator.engine.RegistryUpdate;

/**
 * The way back to nodes over their report streams. Called by one thread at a time; must not block.
 */
public interface StreamPort {
  /** Sends the update when the stream can take it; a newer one may overtake it. */
  void send(long streamId, RegistryUpdate update);

  /** Ends the stream with an error. */
  void refuse(long streamId, Refusal refusal);

  /** Ends the stream well. */
  void complete(long streamId);
}
