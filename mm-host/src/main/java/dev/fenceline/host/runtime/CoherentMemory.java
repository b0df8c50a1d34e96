package dev.fenceline.host.runtime;

import dev.fenceline.concurrent.PeerConnector;
import dev.fenceline.concurrent.Transfers;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Peer;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The memory of coherent devices as the host's CPUs use it: one stream to each agent, dialled when
 * it is first needed and anew after it broke, and given up when nobody needed it for a while: an
 * agent that is gone for good, or came back at another address, leaves nothing behind. Thread-safe;
 * never blocks.
 *
 * <p>The agent checks each request against the owner's own translation, under an announcement of
 * its own: what arrives late there finds no translation, or one of another generation (INV-1).
 */
final class CoherentMemory {
  /** A way to an agent that carried nothing for so long is given up. */
  static final long IDLE_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final String hostId;
  private final long hostEpoch;
  private final PeerConnector connector;
  private final Timers timers;
  private final long idleNanos;

  /** Over all agents: an id stays unique behind a way that was given up. */
  private final AtomicLong lastId = new AtomicLong();

  /**
   * Entries are used and given up inside {@code compute} alone, which is atomic for each target.
   */
  private final Map<String, Way> byTarget = new ConcurrentHashMap<>();

  private final AtomicBoolean sweepIsDue = new AtomicBoolean();

  /** The way to an agent. Thread-safe. */
  private static final class Way {
    final Transfers transfers;

    /** Requests that have no answer yet. */
    final AtomicInteger out = new AtomicInteger();

    /** When the last answer came. */
    volatile long lastUseNanos;

    Way(Transfers transfers) {
      this.transfers = transfers;
    }
  }

  CoherentMemory(String hostId, long hostEpoch, PeerConnector connector, Timers timers) {
    this(hostId, hostEpoch, connector, timers, IDLE_NANOS);
  }

  /** One that gives up ways sooner or later than others. */
  CoherentMemory(
      String hostId, long hostEpoch, PeerConnector connector, Timers timers, long idleNanos) {
    this.hostId = hostId;
    this.hostEpoch = hostEpoch;
    this.connector = connector;
    this.timers = timers;
    this.idleNanos = idleNanos;
  }

  /** Sends the request; its fate is known when it is answered, or the way to the agent breaks. */
  CompletableFuture<Transfers.Result> begin(Peer peer, DmaRequest request) {
    Way way = byTarget.compute(peer.target(), this::entered);
    if (sweepIsDue.compareAndSet(false, true)) {
      timers.after(idleNanos, this::sweep);
    }
    return way.transfers
        .begin(request)
        .whenComplete(
            (result, failure) -> {
              way.lastUseNanos = timers.nowNanos();
              way.out.decrementAndGet(); // behind the time, which a sweep then sees
            });
  }

  private Way entered(String target, @Nullable Way known) {
    Way way = known;
    if (way == null) {
      way = new Way(new Transfers(listener -> connector.open(target, hostId, listener)));
      way.transfers.beginSession(sessionId());
    }
    way.out.incrementAndGet();
    return way;
  }

  /** An id for a request. */
  long nextId() {
    return lastId.incrementAndGet();
  }

  /** What stands for a session in requests of the host's own; agents compare the epoch alone. */
  long sessionId() {
    return hostEpoch;
  }

  /** Gives up what nobody needed for a while, and looks again later if anything is left. */
  void sweep() {
    sweepIsDue.set(false); // a way that is made from here on asks for a sweep of its own
    byTarget.keySet().forEach(target -> byTarget.computeIfPresent(target, this::keptIfUsed));
    if (!byTarget.isEmpty() && sweepIsDue.compareAndSet(false, true)) {
      timers.after(idleNanos, this::sweep);
    }
  }

  private @Nullable Way keptIfUsed(String target, Way way) {
    if (way.out.get() > 0 || timers.nowNanos() - way.lastUseNanos < idleNanos) {
      return way;
    }
    way.transfers.endSession();
    connector.forget(target); // before anybody can open a stream there again
    return null;
  }

  /** Agents to which there is a way. */
  int ways() {
    return byTarget.size();
  }

  void close() {
    byTarget.values().forEach(way -> way.transfers.endSession());
  }
}
