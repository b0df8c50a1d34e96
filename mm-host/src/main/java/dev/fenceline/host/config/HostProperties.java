package dev.fenceline.host.config;

import dev.fenceline.host.engine.session.LeasePolicy;
import dev.fenceline.host.runtime.RuntimeSettings;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * What an operator sets under {@code fenceline.host}; immutable.
 *
 * @param hostId unique in the installation
 * @param shards 0: one per core
 * @param arena size of the frame arena
 * @param coordinator host:port of the coordinator's registry; empty: none
 * @param advertisedAddress host or address under which others reach this process
 * @param dedicatedThreads a thread per shard instead of draining by whoever brings an input
 */
@ConfigurationProperties("fenceline.host")
public record HostProperties(
    @DefaultValue("host-1") String hostId,
    @DefaultValue("0") int shards,
    @DefaultValue("256MB") DataSize arena,
    @DefaultValue("") String coordinator,
    @DefaultValue("127.0.0.1") String advertisedAddress,
    @DefaultValue("1024") int faultCredit,
    @DefaultValue("65536") int shardCapacity,
    @DefaultValue("false") boolean dedicatedThreads,
    @DefaultValue("30s") Duration cpuAccessBound,
    @DefaultValue Lease lease) {

  /**
   * Times of leases and fences.
   *
   * @param overdue age of a fence at which its agent's lease is not renewed; absent: half the TTL
   */
  public record Lease(
      @DefaultValue("2s") Duration ttl,
      @DefaultValue("500") long driftPpm,
      @DefaultValue("200ms") Duration longestDma,
      @DefaultValue("50ms") Duration tick,
      @Nullable Duration overdue) {}

  /**
   * The lease times, checked against each other.
   *
   * @throws IllegalArgumentException naming the value that contradicts the others
   */
  LeasePolicy leasePolicy() {
    Duration overdue = lease.overdue();
    return new LeasePolicy(
        lease.ttl().toNanos(),
        lease.driftPpm(),
        lease.longestDma().toNanos(),
        lease.tick().toNanos(),
        overdue == null ? lease.ttl().toNanos() / 2 : overdue.toNanos());
  }

  /**
   * The constants of the runtime.
   *
   * @throws IllegalArgumentException naming the value that is not allowed
   */
  RuntimeSettings runtimeSettings(long hostEpoch) {
    return new RuntimeSettings(
        hostId,
        hostEpoch,
        shards == 0 ? Runtime.getRuntime().availableProcessors() : shards,
        arena.toBytes(),
        leasePolicy(),
        faultCredit,
        shardCapacity,
        dedicatedThreads,
        cpuAccessBound.toNanos());
  }
}
