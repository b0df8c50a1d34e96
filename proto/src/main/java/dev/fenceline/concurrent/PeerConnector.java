package dev.fenceline.concurrent;

import dev.fenceline.model.DmaRequest;

/** The way to the memory of agents' devices: a port. Thread-safe. */
@FunctionalInterface
public interface PeerConnector {
  /** Reaches nobody. */
  PeerConnector NONE =
      (target, hostId, listener) -> {
        listener.ended("nobody is reached from here");
        return new TransferStream() {
          @Override
          public void send(DmaRequest request) {}

          @Override
          public void close(String reason) {}
        };
      };

  /**
   * Opens a stream of requests; never blocks, and the listener may be called before it returns.
   *
   * @param target {@code host:port} of the agent whose devices have the memory
   * @param hostId whose address spaces the requests name
   */
  TransferStream open(String target, String hostId, TransferStream.Listener listener);

  /** Nobody has a stream to this target any more: lets go of what is kept for it. Never blocks. */
  default void forget(String target) {}
}
