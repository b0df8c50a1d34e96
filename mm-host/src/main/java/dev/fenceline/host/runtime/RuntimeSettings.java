package dev.fenceline.host.runtime;

import dev.fenceline.host.engine.session.LeasePolicy;
import dev.fenceline.host.engine.shard.OomConfig;
import dev.fenceline.host.engine.shard.ReclaimConfig;
import dev.fenceline.host.engine.thrash.ThrashPolicy;

/**
 * The constants of a host; immutable.
 *
 * @param hostEpoch greater at each start of the host
 * @param shards mailboxes over which the address spaces are spread, at least 1
 * @param arenaBytes size of the frame arena
 * @param faultCredit faults that a session may have outstanding
 * @param shardCapacity inputs that may wait at a shard before callers are refused
 * @param dedicatedThreads true if every shard has a thread of its own; false if whoever brings an
 *     input drains the shard
 * @param cpuAccessNanos how long a CPU access may wait for translations
 * @param helloTimeoutNanos how long an attach stream may be open without a Hello
 * @param reclaim what can be swapped out, and how long for
 * @param thrash when parties that want the same pages have to wait for each other
 * @param oom who pays for it that no frame is left
 * @param filesDirectory below which files can be mapped; empty: none can
 * @param swapDirectory where the swap file is made; empty: the system's temporary directory
 */
public record RuntimeSettings(
    String hostId,
    long hostEpoch,
    int shards,
    long arenaBytes,
    LeasePolicy leases,
    int faultCredit,
    int shardCapacity,
    boolean dedicatedThreads,
    long cpuAccessNanos,
    long helloTimeoutNanos,
    ReclaimConfig reclaim,
    ThrashPolicy thrash,
    OomConfig.Policy oom,
    String swapDirectory,
    String filesDirectory) {
  /** Shards that a host may have. */
  public static final int MAX_SHARDS = 1024;

  public RuntimeSettings {
    if (hostId.isEmpty() || hostId.length() > 128) {
      throw new IllegalArgumentException("host id of " + hostId.length() + " characters");
    }
    if (hostEpoch <= 0) {
      throw new IllegalArgumentException("host epoch " + hostEpoch + ": must be positive");
    }
    if (shards < 1 || shards > MAX_SHARDS) {
      throw new IllegalArgumentException(shards + " shards: must be 1 to " + MAX_SHARDS);
    }
    if (helloTimeoutNanos < 1) {
      throw new IllegalArgumentException(
          "Hello time-out of " + helloTimeoutNanos + " ns: must be positive");
    }
  }

  /** With the usual bounds. */
  public static RuntimeSettings of(
      String hostId, long hostEpoch, int shards, long arenaBytes, LeasePolicy leases) {
    return new RuntimeSettings(
        hostId,
        hostEpoch,
        shards,
        arenaBytes,
        leases,
        1024,
        65_536,
        false,
        30_000_000_000L,
        10_000_000_000L,
        ReclaimConfig.NONE,
        ThrashPolicy.DEFAULT,
        OomConfig.Policy.REFUSE,
        "",
        "");
  }

  public RuntimeSettings withReclaim(ReclaimConfig newReclaim) {
    return new RuntimeSettings(
        hostId,
        hostEpoch,
        shards,
        arenaBytes,
        leases,
        faultCredit,
        shardCapacity,
        dedicatedThreads,
        cpuAccessNanos,
        helloTimeoutNanos,
        newReclaim,
        thrash,
        oom,
        swapDirectory,
        filesDirectory);
  }

  public RuntimeSettings withOom(OomConfig.Policy newOom) {
    return new RuntimeSettings(
        hostId,
        hostEpoch,
        shards,
        arenaBytes,
        leases,
        faultCredit,
        shardCapacity,
        dedicatedThreads,
        cpuAccessNanos,
        helloTimeoutNanos,
        reclaim,
        thrash,
        newOom,
        swapDirectory,
        filesDirectory);
  }

  public RuntimeSettings withFiles(String newFilesDirectory) {
    return new RuntimeSettings(
        hostId,
        hostEpoch,
        shards,
        arenaBytes,
        leases,
        faultCredit,
        shardCapacity,
        dedicatedThreads,
        cpuAccessNanos,
        helloTimeoutNanos,
        reclaim,
        thrash,
        oom,
        swapDirectory,
        newFilesDirectory);
  }
}
