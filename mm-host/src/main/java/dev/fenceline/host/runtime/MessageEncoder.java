package dev.fenceline.host.runtime;

import dev.fenceline.model.HostMessage;

/**
 * Port: turns what a host says into bytes of which any concatenation is a message again.
 * Implementations are thread-safe.
 */
public interface MessageEncoder {
  /** One event, the same for every agent. */
  byte[] event(HostMessage message);

  /** Epoch and session, to stand before the events of one session. */
  byte[] header(long hostEpoch, long sessionId);
}
