package dev.fenceline.agent.runtime;

import dev.fenceline.concurrent.PeerConnector;
import dev.fenceline.concurrent.Transfers;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Peer;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The memory of peers as the devices of one link use it: another device of this agent, or of
 * another one over the wire. Thread-safe. Its streams live as long as the link's session.
 */
final class PeerMemory {
  /** A peer that is silent must not hold up the drain of the access that asks it. */
  private static final long ANSWER_TIMEOUT_NANOS = 500_000_000;

  /** Shorter than a host waits for the report of a migration. */
  private static final long FETCH_TIMEOUT_NANOS = 5_000_000_000L;

  private final String agentId;
  private final PeerDesk own;
  private final PeerConnector connector;
  private final Object lock = new Object();

  // Guarded by the lock.
  private final TreeMap<String, Transfers> byTarget = new TreeMap<>();
  private long sessionId;
  private String hostId = "";

  PeerMemory(String agentId, PeerDesk own, PeerConnector connector) {
    this.agentId = agentId;
    this.own = own;
    this.connector = connector;
  }

  void beginSession(String host, long id) {
    synchronized (lock) {
      sessionId = id;
      hostId = host;
      byTarget.values().forEach(transfers -> transfers.beginSession(id));
    }
  }

  void endSession() {
    synchronized (lock) {
      sessionId = 0;
      byTarget.values().forEach(Transfers::endSession);
    }
  }

  /** Asks the peer and waits for its answer, a bounded time. */
  Transfers.Result access(Peer peer, DmaRequest request) throws InterruptedException {
    if (peer.device().agentId().equals(agentId)) {
      return new Transfers.Result.Answered(own.access(host(), request));
    }
    return transfers(peer.target()).perform(request, ANSWER_TIMEOUT_NANOS);
  }

  /** Asks the peer and tells of its answer, or of none in a bounded time. */
  CompletableFuture<Transfers.Result> begin(Peer peer, DmaRequest request) {
    if (peer.device().agentId().equals(agentId)) {
      return CompletableFuture.completedFuture(
          new Transfers.Result.Answered(own.access(host(), request)));
    }
    return transfers(peer.target())
        .begin(request)
        .completeOnTimeout(
            new Transfers.Result.Lost("no answer in time"),
            FETCH_TIMEOUT_NANOS,
            TimeUnit.NANOSECONDS);
  }

  private String host() {
    synchronized (lock) {
      return hostId;
    }
  }

  private Transfers transfers(String target) {
    synchronized (lock) {
      Transfers known = byTarget.get(target);
      if (known == null) {
        String host = hostId;
        known = new Transfers(listener -> connector.open(target, host, listener));
        known.beginSession(sessionId);
        byTarget.put(target, known);
      }
      return known;
    }
  }
}
