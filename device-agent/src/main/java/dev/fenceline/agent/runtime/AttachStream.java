package dev.fenceline.agent.runtime;

import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.HostMessage;

/** One attach stream. Sends and closes are serialized by the caller; the rest is thread-safe. */
public interface AttachStream {
  /** Hears of the stream, in order, on the transport's thread; must not block. */
  interface Listener {
    /** The stream can carry messages; called once, before anything else but {@link #ended}. */
    void opened();

    /** The stream, which was not ready, is ready again. */
    void ready();

    void received(HostMessage.Batch batch);

    /** The stream is over, whoever ended it; called at most once, nothing follows. */
    void ended(String reason);
  }

  /** Whether a message would be taken without gathering in memory. */
  boolean isReady();

  void send(AgentMessage.Batch batch);

  /** Ends the stream behind what was sent. */
  void close(String reason);
}
