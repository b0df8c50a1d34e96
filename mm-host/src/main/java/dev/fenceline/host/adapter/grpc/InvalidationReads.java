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
    ShardQueries queries,
    FenceDiagnosis diagnosis,
    WallClock wallClock,
    long nowNanos,
    long nowMillis) {

  /** Which invalidations a query asks for; spaceId 0 is all. */
  record Filter(long spaceId, boolean pendingOnly) {
    boolean admits(Invalidation invalidation) {
      boolean pending = !invalidation.state().ended() || invalidation.pendingCount() > 0;
      return (spaceId == 0 || invalidation.spaceId() == spaceId) && (pending || !pendingOnly);
    }
  }

  /** A place in the list of all shards: newest first, by start and then by id. */
  record Place(long startedNanos, long id) implements Comparable<Place> {
    /** Before everything. */
    static final Place NEWEST = new Place(Long.MAX_VALUE, Long.MAX_VALUE);

    static Place of(Invalidation invalidation) {
      return new Place(invalidation.startedNanos(), invalidation.id());
    }

    @Override
    public int compareTo(Place other) {
      int byStart = Long.compare(other.startedNanos, startedNanos);
      return byStart != 0 ? byStart : Long.compare(other.id, id);
    }
  }

  /** An invalidation and its place among those of all shards. */
  record Placed(Place place, InvalidationInfo info) {}

  /** What waits in queues and has no invalidation yet, at most so many. */
  List<InvalidationInfo> queued(Filter filter, int limit) {
    List<InvalidationInfo> list = new ArrayList<>();
    for (AddressSpace space : queries.spaces().values()) {
      if (filter.spaceId() == 0 || space.id() == filter.spaceId()) {
        space.queued().stream().limit(limit - list.size()).map(this::queued).forEach(list::add);
      }
    }
    return list;
  }

  /** Those behind a place, newest first, at most so many. */
  List<Placed> list(Filter filter, Place behind, int limit) {
    List<Placed> list = new ArrayList<>();
    for (Invalidation invalidation : queries.recent()) {
      Place place = Place.of(invalidation);
      if (list.size() < limit && filter.admits(invalidation) && behind.compareTo(place) < 0) {
        list.add(new Placed(place, info(invalidation)));
      }
    }
    return list;
  }

  /**
   * The place of an invalidation of this shard; that of the oldest one remembered if it is not
   * remembered itself; null if the id was never given out.
   */
  @Nullable Place place(long id) {
    if (!queries.everIssued(id)) {
      return null;
    }
    Invalidation invalidation = queries.invalidation(id);
    List<Invalidation> recent = queries.recent();
    if (invalidation != null) {
      return Place.of(invalidation);
    }
    return recent.isEmpty() ? new Place(Long.MIN_VALUE, 0) : Place.of(recent.getLast());
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
                wallClock.millisAt(invalidation.startedNanos(), nowMillis, nowNanos))
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
          diagnosis.of(fence, queries.wasTold(invalidation, index), end - fence.toldNanosOr(end)));
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
