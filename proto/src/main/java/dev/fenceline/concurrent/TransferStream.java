package dev.fenceline.concurrent;

import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;

/** One transfer stream. Thread-safe. */
public interface TransferStream {
  /** Hears of the stream on the transport's thread; must not block. */
  interface Listener {
    void replied(DmaReply reply);

    /**
     * The stream is over: unanswered requests may or may not have been carried out. Those that were
     * never written have been answered before, as of no session.
     */
    void ended(String reason);
  }

  /**
   * Takes a request; it waits in order until the stream is ready. The number of requests that wait
   * is bounded by the caller.
   */
  void send(DmaRequest request);

  void close(String reason);
}
