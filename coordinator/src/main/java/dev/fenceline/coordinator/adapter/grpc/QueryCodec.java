package dev.fenceline.coordinator.adapter.grpc;

import dev.fenceline.common.v1.DeviceRef;
import dev.fenceline.coordinator.engine.query.Holder;
import dev.fenceline.coordinator.engine.query.HostStatus;
import dev.fenceline.coordinator.engine.query.Interval;
import dev.fenceline.coordinator.engine.query.Invalidation;
import dev.fenceline.coordinator.engine.query.Mirror;
import dev.fenceline.coordinator.engine.query.Page;
import dev.fenceline.coordinator.engine.query.Range;
import dev.fenceline.coordinator.engine.query.Session;
import dev.fenceline.coordinator.engine.query.Space;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Protection;
import dev.fenceline.query.v1.FenceInfo;
import dev.fenceline.query.v1.HolderInfo;
import dev.fenceline.query.v1.HostInfo;
import dev.fenceline.query.v1.HostMemory;
import dev.fenceline.query.v1.InvalidationInfo;
import dev.fenceline.query.v1.MirrorInfo;
import dev.fenceline.query.v1.PageInfo;
import dev.fenceline.query.v1.RangeInfo;
import dev.fenceline.query.v1.SessionInfo;
import dev.fenceline.query.v1.SpaceInfo;
import dev.fenceline.wire.CommonCodec;
import dev.fenceline.wire.MalformedMessageException;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A host's answers, from the wire into the coordinator's words. Stateless. Counts are unsigned on
 * the wire and fit here.
 */
final class QueryCodec {
  private QueryCodec() {}

  /** Decodes one answer. */
  @FunctionalInterface
  interface Decoder<M, T> {
    T decode(M message) throws MalformedMessageException;
  }

  static HostStatus host(HostInfo host) {
    return new HostStatus(
        host.getHostId(),
        host.getHostEpoch(),
        host.getTotalFrames(),
        host.getFreeFrames(),
        Integer.toUnsignedLong(host.getSpaceCount()),
        Integer.toUnsignedLong(host.getSessionCount()),
        Integer.toUnsignedLong(host.getPendingInvalidationCount()),
        host.getLeaseTtlNanos(),
        host.getLeaseExpiryNanos(),
        host.getLateMessageCount(),
        memory(host.getMemory()));
  }

  private static HostStatus.Memory memory(HostMemory memory) {
    return new HostStatus.Memory(
        new HostStatus.Lists(
            memory.getActiveFrames(), memory.getInactiveFrames(), memory.getUnevictableFrames()),
        new HostStatus.Swap(
            memory.getSwapSlots(),
            memory.getSwapSlotsUsed(),
            memory.getSwappedOutCount(),
            memory.getSwappedInCount()),
        new HostStatus.Pinned(
            memory.getPinCount(), memory.getPinnedFrames(), memory.getKeptFrames()),
        memory.getReclaimBackOffCount(),
        memory.getWakeUpCount());
  }

  static Session session(SessionInfo session) throws MalformedMessageException {
    boolean attached =
        switch (session.getState()) {
          case STATE_ATTACHED -> true;
          case STATE_DETACHED -> false;
          case STATE_UNSPECIFIED, UNRECOGNIZED -> throw unknown("state", session.getState());
        };
    return new Session(
        session.getAgentId(),
        session.getSessionId(),
        session.getBootToken(),
        attached,
        session.getLeaseLeftNanos(),
        Integer.toUnsignedLong(session.getPendingFenceCount()),
        session.getOverdue(),
        session.getDeviceNamesList());
  }

  static Space space(SpaceInfo space) throws MalformedMessageException {
    return new Space(
        space.getSpaceId(),
        space.getName(),
        mode(space.getNotificationMode()),
        space.getMappingCount(),
        space.getMappedPages(),
        space.getResidentPages(),
        space.getMirrorCount(),
        space.getSequence(),
        Integer.toUnsignedLong(space.getPendingInvalidationCount()),
        state(space.getState()),
        space.getOomScoreAdjust(),
        space.getChangeStamp());
  }

  /** A host that says nothing does not kill. */
  private static Space.State state(SpaceInfo.State state) {
    return switch (state) {
      case STATE_UNSPECIFIED, STATE_ALIVE, UNRECOGNIZED -> Space.State.ALIVE;
      case STATE_OOM_KILLED -> Space.State.OOM_KILLED;
    };
  }

  static Range range(RangeInfo range) {
    return new Range(
        range.getInterval().getStart(),
        range.getInterval().getEnd(),
        new Protection(
            range.getProtection().getRead(),
            range.getProtection().getWrite(),
            range.getProtection().getExecute()),
        range.getShared(),
        range.getBacking(),
        range.getOffset(),
        range.getResidentPages(),
        range.getInvalidatingPages(),
        Integer.toUnsignedLong(range.getGeneration()),
        range.getHoldersList().stream().map(QueryCodec::holder).toList());
  }

  static Page page(PageInfo page) throws MalformedMessageException {
    Page.State state =
        switch (page.getState()) {
          case STATE_UNMAPPED -> Page.State.UNMAPPED;
          case STATE_NOT_PRESENT -> Page.State.NOT_PRESENT;
          case STATE_PRESENT -> Page.State.PRESENT;
          case STATE_ZERO -> Page.State.ZERO;
          case STATE_INVALIDATING -> Page.State.INVALIDATING;
          case STATE_SWAPPED -> Page.State.SWAPPED;
          case STATE_DEVICE -> Page.State.DEVICE;
          case STATE_EXCLUSIVE -> Page.State.EXCLUSIVE;
          case STATE_MIGRATING -> Page.State.MIGRATING;
          case STATE_UNSPECIFIED, UNRECOGNIZED -> throw unknown("state", page.getState());
        };
    return new Page(
        page.getAddress(),
        state,
        Integer.toUnsignedLong(page.getGeneration()),
        page.getWritable(),
        page.getDirty(),
        page.getHoldersList().stream().map(QueryCodec::holder).toList(),
        page.getInvalidationId(),
        page.hasLocation() ? device(page.getLocation()) : null,
        page.getOrder());
  }

  static Mirror mirror(MirrorInfo mirror) {
    return new Mirror(
        device(mirror.getDevice()),
        mirror.getDeviceName(),
        Integer.toUnsignedLong(mirror.getMirrorId()),
        mirror.getInterval().getStart(),
        mirror.getInterval().getEnd(),
        mirror.getSequence());
  }

  static Invalidation invalidation(InvalidationInfo info) throws MalformedMessageException {
    var fences = new ArrayList<Invalidation.Fence>(info.getFencesCount());
    for (FenceInfo fence : info.getFencesList()) {
      fences.add(fence(fence));
    }
    return new Invalidation(
        info.getInvalidationId(),
        info.getSpaceId(),
        info.getInterval().getStart(),
        info.getInterval().getEnd(),
        CommonCodec.decode(info.getKind()),
        mode(info.getNotificationMode()),
        state(info.getState()),
        info.getSequence(),
        info.getStartedAtMillis(),
        info.getScheduleNanos(),
        info.getUnmapNanos(),
        info.getWaitNanos(),
        fences);
  }

  static dev.fenceline.common.v1.Interval encode(Interval interval) {
    return dev.fenceline.common.v1.Interval.newBuilder()
        .setStart(interval.start())
        .setEnd(interval.end())
        .build();
  }

  static DeviceRef encode(DeviceId device) {
    return DeviceRef.newBuilder()
        .setAgentId(device.agentId())
        .setDeviceIndex(device.deviceIndex())
        .build();
  }

  private static Invalidation.State state(InvalidationInfo.State state)
      throws MalformedMessageException {
    return switch (state) {
      case STATE_QUEUED -> Invalidation.State.QUEUED;
      case STATE_SCHEDULED -> Invalidation.State.SCHEDULED;
      case STATE_WAITING -> Invalidation.State.WAITING;
      case STATE_COMPLETED -> Invalidation.State.COMPLETED;
      case STATE_BACKED_OFF -> Invalidation.State.BACKED_OFF;
      case STATE_UNSPECIFIED, UNRECOGNIZED -> throw unknown("state", state);
    };
  }

  private static Invalidation.Fence fence(FenceInfo fence) throws MalformedMessageException {
    return new Invalidation.Fence(
        device(fence.getDevice()),
        fence.getDeviceName(),
        resolution(fence.getResolution()),
        fence.getElapsedNanos(),
        fence.getDiagnosis());
  }

  private static @Nullable FenceResolution resolution(
      dev.fenceline.common.v1.FenceResolution resolution) throws MalformedMessageException {
    return switch (resolution) {
      case FENCE_RESOLUTION_UNSPECIFIED -> null;
      case FENCE_RESOLUTION_ACKED -> FenceResolution.ACKED;
      case FENCE_RESOLUTION_NOT_HELD -> FenceResolution.NOT_HELD;
      case FENCE_RESOLUTION_REATTACHED -> FenceResolution.REATTACHED;
      case FENCE_RESOLUTION_LEASE_EXPIRED -> FenceResolution.LEASE_EXPIRED;
      case FENCE_RESOLUTION_LEFT -> FenceResolution.LEFT;
      case UNRECOGNIZED -> throw unknown("resolution", resolution);
    };
  }

  static NotificationMode mode(dev.fenceline.common.v1.NotificationMode mode)
      throws MalformedMessageException {
    return switch (mode) {
      case NOTIFICATION_MODE_UNSPECIFIED, NOTIFICATION_MODE_SPLIT -> NotificationMode.SPLIT;
      case NOTIFICATION_MODE_SEQUENTIAL -> NotificationMode.SEQUENTIAL;
      case UNRECOGNIZED -> throw unknown("notification_mode", mode);
    };
  }

  private static Holder holder(HolderInfo holder) {
    return new Holder(
        device(holder.getDevice()),
        holder.getDeviceName(),
        holder.getMirrors(),
        holder.getHeldPages());
  }

  static DeviceId device(DeviceRef device) {
    return new DeviceId(device.getAgentId(), device.getDeviceIndex());
  }

  static MalformedMessageException unknown(String field, Object value) {
    return new MalformedMessageException(
        field + " is " + value + ", which this version does not know");
  }
}
