package dev.fenceline.host.adapter.grpc;

import dev.fenceline.common.v1.FenceResolution;
import dev.fenceline.common.v1.Interval;
import dev.fenceline.host.engine.invalidation.Fence;
import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.shard.AddressSpace;
import dev.fenceline.host.engine.shard.ShardQueries;
import dev.fenceline.model.Pages;
import dev.fenceline.query.v1.FenceInfo;
import dev.fenceline.query.v1.InvalidationInfo;
import dev.fenceline.wire.CommonCodec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads invalidations for queries. Confined to one call; called inside a shard's mailbox.
 *
 * @param nowNanos the shard's clock
 * @param nowMillis the wall clock at the same moment
 */
record InvalidationReads(
    ShardQueries queries, FenceDiagnosis diagnosis, long nowNanos, long nowMillis) {
  private static final long NANOS_PER_MILLI = 1_000_000;

  /** Those asked for: what still waits in a queue first, then newest first. */
  List<InvalidationInfo> list(long spaceId, boolean pendingOnly, int size) {
    List<InvalidationInfo> list = new ArrayList<>();
    for (AddressSpace space : queries.spaces().values()) {
      if (spaceId == 0 || space.id() == spaceId) {
        space.queued().stream().limit(size - list.size()).map(this::queued).forEach(list::add);
      }
    }
    for (Invalidation invalidation : queries.recent()) {
      boolean pending = !invalidation.state().ended() || invalidation.pendingCount() > 0;
      if (list.size() < size
          && (spaceId == 0 || invalidation.spaceId() == spaceId)
          && (pending || !pendingOnly)) {
        list.add(info(invalidation));
      }
    }
    return list;
  }

  @Nullable InvalidationInfo one(long id) {
    Invalidation invalidation = queries.invalidation(id);
    return invalidation == null ? null : info(invalidation);
  }

  /** Of an operation that has no invalidation yet. */
  private InvalidationInfo queued(Operation operation) {
    InvalidationInfo.Builder info =
        InvalidationInfo.newBuilder()
            .setSpaceId(operation.request().spaceId())
            .setState(InvalidationInfo.State.STATE_QUEUED)
            .setStartedAtMillis(nowMillis);
    if (!operation.footprint().isEmpty()) {
      var first = operation.footprint().get(0);
      info.setKind(CommonCodec.encode(first.kind()))
          .setInterval(
              Interval.newBuilder()
                  .setStart(Pages.address(first.vpnStart()))
                  .setEnd(Pages.address(first.vpnEnd())));
    }
    return info.build();
  }

  private InvalidationInfo info(Invalidation invalidation) {
    InvalidationInfo.Builder info =
        InvalidationInfo.newBuilder()
            .setInvalidationId(invalidation.id())
            .setSpaceId(invalidation.spaceId())
            .setInterval(
                Interval.newBuilder().setStart(invalidation.start()).setEnd(invalidation.end()))
            .setKind(CommonCodec.encode(invalidation.kind()))
            .setNotificationMode(SpaceReads.mode(invalidation.mode()))
            .setState(state(invalidation.state()))
            .setSequence(invalidation.sequence())
            .setStartedAtMillis(
                nowMillis - (nowNanos - invalidation.startedNanos()) / NANOS_PER_MILLI)
            .setScheduleNanos(invalidation.scheduleNanos(nowNanos))
            .setUnmapNanos(invalidation.unmapNanos(nowNanos))
            .setWaitNanos(invalidation.waitNanos(nowNanos));
    for (int i = 0; i < invalidation.fences().size(); i++) {
      info.addFences(fence(invalidation, i));
    }
    return info.build();
  }

  private FenceInfo fence(Invalidation invalidation, int index) {
    Fence fence = invalidation.fences().get(index);
    long end = fence.pending() ? nowNanos : fence.resolvedNanos();
    FenceInfo.Builder info =
        FenceInfo.newBuilder()
            .setDevice(SpaceReads.ref(fence.participant().device()))
            .setDeviceName(fence.participant().name())
            .setResolution(resolution(fence.resolution()))
            .setElapsedNanos(end - fence.scheduledNanos());
    if (fence.pending()) {
      info.setDiagnosis(
          diagnosis.of(fence, queries.wasTold(invalidation, index), end - fence.scheduledNanos()));
    }
    return info.build();
  }

  private static InvalidationInfo.State state(Invalidation.State state) {
    return switch (state) {
      case SCHEDULED, UNMAPPED -> InvalidationInfo.State.STATE_SCHEDULED;
      case WAITING -> InvalidationInfo.State.STATE_WAITING;
      case COMPLETED -> InvalidationInfo.State.STATE_COMPLETED;
      case BACKED_OFF -> InvalidationInfo.State.STATE_BACKED_OFF;
    };
  }

  static FenceResolution resolution(dev.fenceline.model.@Nullable FenceResolution resolution) {
    return switch (resolution) {
      case null -> FenceResolution.FENCE_RESOLUTION_UNSPECIFIED;
      case ACKED -> FenceResolution.FENCE_RESOLUTION_ACKED;
      case NOT_HELD -> FenceResolution.FENCE_RESOLUTION_NOT_HELD;
      case REATTACHED -> FenceResolution.FENCE_RESOLUTION_REATTACHED;
      case LEASE_EXPIRED -> FenceResolution.FENCE_RESOLUTION_LEASE_EXPIRED;
      case LEFT -> FenceResolution.FENCE_RESOLUTION_LEFT;
    };
  }
}
