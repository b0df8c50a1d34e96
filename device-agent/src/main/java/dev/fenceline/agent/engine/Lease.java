package dev.fenceline.agent.engine;

import dev.fenceline.model.HostMessage;
import java.util.TreeMap;

/**
 * The lease of one session and the heartbeats that renew it, by the agent's own clock. Confined to
 * its engine; dies with the session.
 *
 * <p>It ends one TTL after the <em>sending</em> of the last acknowledged heartbeat (Hello counts
 * for the first): the host cannot have begun to count earlier than that.
 */
final class Lease {
  /** Heartbeats whose acknowledgement is awaited; more than that and the oldest is forgotten. */
  private static final int MAX_UNACKNOWLEDGED = 64;

  private final long ttlNanos;
  private final long intervalNanos;
  private final long safetyNanos;
  private final TreeMap<Long, Long> sentNanos = new TreeMap<>();
  private long number;
  private long endNanos;
  private long nextHeartbeatNanos;

  Lease(HostMessage.Welcome welcome, long helloSentNanos, long nowNanos, long safetyNanos) {
    this.ttlNanos = welcome.leaseTtlNanos();
    this.intervalNanos = welcome.heartbeatIntervalNanos();
    this.safetyNanos = safetyNanos;
    this.endNanos = helloSentNanos + ttlNanos;
    this.nextHeartbeatNanos = nowNanos + intervalNanos;
  }

  /** From this time on nothing may be accessed. */
  long accessEndNanos() {
    return endNanos - safetyNanos;
  }

  long nextHeartbeatNanos() {
    return nextHeartbeatNanos;
  }

  /** Number of the heartbeat that is sent now. */
  long beat(long nowNanos) {
    number++;
    sentNanos.put(number, nowNanos);
    if (sentNanos.size() > MAX_UNACKNOWLEDGED) {
      sentNanos.pollFirstEntry();
    }
    nextHeartbeatNanos = nowNanos + intervalNanos;
    return number;
  }

  /** Renews the lease; false if no such heartbeat is awaited, which changes nothing. */
  boolean acknowledged(long acknowledgedNumber) {
    Long sent = sentNanos.get(acknowledgedNumber);
    if (sent == null) {
      return false;
    }
    endNanos = Math.max(endNanos, sent + ttlNanos);
    sentNanos.headMap(acknowledgedNumber, true).clear();
    return true;
  }
}
