package dev.fenceline.host.engine.session;

/**
 * The times of leases and their arithmetic (DESIGN 3.5); immutable. All in nanoseconds.
 *
 * <p>An agent stops all access at {@code send time of its last acknowledged heartbeat + ttl} on its
 * own clock; the host declares it dead only {@link #expiryNanos} after it took that heartbeat. With
 * clocks that drift by at most {@code driftPpm}, the second never comes before the first.
 *
 * @param ttlNanos lease as the agent sees it
 * @param driftPpm bound of the clock rates' error, parts per million
 * @param longestDmaNanos bound of one DMA, from its check to its end
 * @param tickNanos how late a timer of the host may be
 * @param overdueNanos age of a fence at which its agent's lease is not renewed any more
 */
public record LeasePolicy(
    long ttlNanos, long driftPpm, long longestDmaNanos, long tickNanos, long overdueNanos) {
  private static final long MILLION = 1_000_000;

  /** Heartbeats in one TTL. */
  private static final int HEARTBEATS_PER_TTL = 5;

  private static final long SHORTEST_TTL_NANOS = MILLION;

  public LeasePolicy {
    require(ttlNanos >= SHORTEST_TTL_NANOS, "lease TTL", ttlNanos, "at least 1 ms");
    require(driftPpm >= 0 && driftPpm < MILLION / 2, "clock drift", driftPpm, "0 to 499999 ppm");
    require(longestDmaNanos >= 0, "longest DMA", longestDmaNanos, "not negative");
    require(tickNanos >= 0, "timer tick", tickNanos, "not negative");
    require(overdueNanos > 0, "overdue time of a fence", overdueNanos, "positive");
  }

  /** H: how long after the last renewal the host declares the agent dead. */
  public long expiryNanos() {
    double drifted = (double) ttlNanos * (MILLION + driftPpm) / (MILLION - driftPpm);
    return (long) Math.ceil(drifted) + longestDmaNanos + tickNanos;
  }

  /** How often an agent sends a heartbeat; derived, so that it cannot contradict the TTL. */
  public long heartbeatIntervalNanos() {
    return ttlNanos / HEARTBEATS_PER_TTL;
  }

  /** The bound of every fence: overdue, then the lease runs out. */
  public long fenceBoundNanos() {
    return overdueNanos + expiryNanos() + tickNanos;
  }

  private static void require(boolean holds, String what, long value, String allowed) {
    if (!holds) {
      throw new IllegalArgumentException(what + " of " + value + ": must be " + allowed);
    }
  }
}
