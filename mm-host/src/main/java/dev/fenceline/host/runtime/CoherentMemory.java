package dev.fenceline.host.runtime;

import dev.fenceline.concurrent.PeerConnector;
import dev.fenceline.concurrent.Transfers;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Peer;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The memory of coherent devices as the host's CPUs use it: one stream to each agent, dialled when
 * it is first needed and anew after it broke. Thread-safe; never blocks.
 *
 * <p>The agent checks each request against the owner's own translation, under an announcement of
 * its own: what arrives late there finds no translation, or one of another generation (INV-1).
 */
final class CoherentMemory {
  private final String hostId;
  private final long hostEpoch;
  private final PeerConnector connector;
  private final Map<String, Transfers> byTarget = new ConcurrentHashMap<>();

  CoherentMemory(String hostId, long hostEpoch, PeerConnector connector) {
    this.hostId = hostId;
    this.hostEpoch = hostEpoch;
    this.connector = connector;
  }

  /** Sends the request; its fate is known when it is answered, or the way to the agent breaks. */
  CompletableFuture<Transfers.Result> begin(Peer peer, DmaRequest request) {
    return transfers(peer.target()).begin(request);
  }

  /** An id for a request to the peer. */
  long nextId(Peer peer) {
    return transfers(peer.target()).nextId();
  }

  /** What stands for a session in requests of the host's own; agents compare the epoch alone. */
  long sessionId() {
    return hostEpoch;
  }

  private Transfers transfers(String target) {
    return byTarget.computeIfAbsent(
        target,
        to -> {
          Transfers made = new Transfers(listener -> connector.open(to, hostId, listener));
          made.beginSession(sessionId());
          return made;
        });
  }

  void close() {
    byTarget.values().forEach(Transfers::endSession);
  }
}
