package dev.fenceline.agent.runtime;

import dev.fenceline.concurrent.TransferStream;

/** The way to one host: a port. Thread-safe. */
public interface HostConnector extends AutoCloseable {
  /** Makes connectors. Thread-safe. */
  @FunctionalInterface
  interface Factory {
    /**
     * @param hostId who must answer, as the coordinator says; empty: any host
     * @param target {@code host:port}
     */
    HostConnector connectorTo(String hostId, String target);
  }

  /** Opens an attach stream; never blocks, and the listener may be called before it returns. */
  AttachStream attach(AttachStream.Listener listener);

  /** Opens a transfer stream; never blocks. */
  TransferStream transfer(TransferStream.Listener listener);

  @Override
  void close();
}
