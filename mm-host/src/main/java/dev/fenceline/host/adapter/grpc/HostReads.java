package dev.fenceline.host.adapter.grpc;

import dev.fenceline.host.engine.shard.FrameCounts;
import dev.fenceline.host.engine.shard.ShardQueries;
import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.host.runtime.RuntimeSettings;
import dev.fenceline.query.v1.HostInfo;
import dev.fenceline.query.v1.HostMemory;
import java.util.List;

/** What a host says of itself. Stateless. */
final class HostReads {
  private HostReads() {}

  /** The part of one shard; immutable. */
  record Part(long spaces, long pendingInvalidations, FrameCounts frames) {
    /** Read within the shard. */
    static Part of(ShardQueries queries) {
      long pending = queries.live().stream().filter(each -> !each.state().ended()).count();
      return new Part(queries.spaces().size(), pending, queries.frameCounts());
    }

    Part plus(Part other) {
      return new Part(
          spaces + other.spaces,
          pendingInvalidations + other.pendingInvalidations,
          frames.plus(other.frames));
    }
  }

  static HostInfo account(HostRuntime host, List<Part> parts, int sessions) {
    RuntimeSettings settings = host.settings();
    Part whole = parts.stream().reduce(new Part(0, 0, FrameCounts.NONE), Part::plus);
    return HostInfo.newBuilder()
        .setHostId(settings.hostId())
        .setHostEpoch(settings.hostEpoch())
        .setTotalFrames(host.pool().total())
        .setFreeFrames(host.pool().available())
        .setSpaceCount((int) whole.spaces())
        .setSessionCount(sessions)
        .setPendingInvalidationCount((int) whole.pendingInvalidations())
        .setLeaseTtlNanos(settings.leases().ttlNanos())
        .setLeaseExpiryNanos(settings.leases().expiryNanos())
        .setLateMessageCount(host.lateMessages())
        .setMemory(memory(whole.frames(), settings.reclaim().swapSlots()))
        .build();
  }

  private static HostMemory memory(FrameCounts counts, int swapSlots) {
    return HostMemory.newBuilder()
        .setActiveFrames(counts.lists().active())
        .setInactiveFrames(counts.lists().inactive())
        .setUnevictableFrames(counts.lists().unevictable())
        .setSwapSlots(swapSlots)
        .setSwapSlotsUsed(counts.swapUsed())
        .setSwappedOutCount(counts.reclaimed().swappedOut())
        .setSwappedInCount(counts.reclaimed().swappedIn())
        .setReclaimBackOffCount(counts.reclaimed().backedOff())
        .setWakeUpCount(counts.reclaimed().wakeUps())
        .setPinCount(counts.pins())
        .setPinnedFrames(counts.pinnedFrames())
        .setKeptFrames(counts.keptFrames())
        .build();
  }
}
