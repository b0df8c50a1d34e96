package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.Parameters.CompositeId;
import dev.fenceline.coordinator.adapter.rest.model.FenceView;
import dev.fenceline.coordinator.adapter.rest.model.MirrorView;
import dev.fenceline.coordinator.adapter.rest.model.PageView;
import dev.fenceline.coordinator.adapter.rest.model.RangeView;
import dev.fenceline.coordinator.adapter.rest.model.SpaceView;
import dev.fenceline.coordinator.engine.query.FenceDiagnosis;
import dev.fenceline.coordinator.engine.query.Holder;
import dev.fenceline.coordinator.engine.query.Invalidation;
import dev.fenceline.coordinator.engine.query.Mirror;
import dev.fenceline.coordinator.engine.query.Page;
import dev.fenceline.coordinator.engine.query.Range;
import dev.fenceline.coordinator.engine.query.Space;
import dev.fenceline.model.Pages;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What hosts answer, as REST shows it. Stateless. */
final class SpaceViews {
  private SpaceViews() {}

  static SpaceView space(String hostId, Space space) {
    return new SpaceView(
        new CompositeId(hostId, space.spaceId()).toString(),
        hostId,
        Long.toUnsignedString(space.spaceId()),
        space.name(),
        Views.word(space.notificationMode()),
        space.mappingCount(),
        space.mappedPages(),
        space.residentPages(),
        space.mirrorCount(),
        space.sequence(),
        space.pendingInvalidationCount(),
        Views.word(space.state()),
        space.oomScoreAdjust());
  }

  static RangeView range(Range range) {
    long pages = Pages.number(range.end() - range.start());
    return new RangeView(
        Views.hex(range.start()),
        Views.hex(range.end()),
        pages,
        range.protection().toString(),
        range.shared(),
        range.backing(),
        Views.hex(range.offset()),
        rangeState(range, pages),
        range.residentPages(),
        range.invalidatingPages(),
        range.generation(),
        range.holders().stream().map(SpaceViews::holder).toList());
  }

  static PageView page(CompositeId space, Page page) {
    return new PageView(
        space.toString(),
        Views.hex(page.address()),
        Views.word(page.state()),
        page.generation(),
        page.writable(),
        page.dirty(),
        page.holders().stream().map(SpaceViews::holder).toList(),
        page.invalidationId() == 0
            ? null
            : new CompositeId(space.hostId(), page.invalidationId()).toString(),
        Objects.toString(page.location(), null),
        page.order());
  }

  static MirrorView mirror(Mirror mirror) {
    return new MirrorView(
        mirror.device().toString(),
        mirror.deviceName(),
        mirror.mirrorId(),
        Views.hex(mirror.start()),
        Views.hex(mirror.end()),
        mirror.sequence());
  }

  static FenceView fence(String hostId, Invalidation invalidation) {
    long first = firstResolvedNanos(invalidation);
    return new FenceView(
        new CompositeId(hostId, invalidation.invalidationId()).toString(),
        hostId,
        Long.toUnsignedString(invalidation.invalidationId()),
        new CompositeId(hostId, invalidation.spaceId()).toString(),
        Views.hex(invalidation.start()),
        Views.hex(invalidation.end()),
        Views.word(invalidation.kind()),
        Views.word(invalidation.notificationMode()),
        Views.word(invalidation.state()),
        invalidation.state().isPending(),
        invalidation.sequence(),
        Instant.ofEpochMilli(invalidation.startedAtMillis()),
        Views.micros(invalidation.scheduleNanos()),
        Views.micros(invalidation.unmapNanos()),
        Views.micros(invalidation.waitNanos()),
        invalidation.fences().stream().map(fence -> participant(fence, first)).toList());
  }

  static FenceView.Detail detail(
      String hostId, Invalidation invalidation, FenceDiagnosis diagnosis) {
    return new FenceView.Detail(
        fence(hostId, invalidation),
        diagnosis.summary(),
        diagnosis.late().stream().map(late -> late(invalidation, late)).toList());
  }

  private static FenceView.Late late(Invalidation invalidation, FenceDiagnosis.Late late) {
    return new FenceView.Late(
        late.fence().device().toString(),
        late.fence().deviceName(),
        Instant.ofEpochMilli(invalidation.startedAtMillis()),
        Views.word(late.cause()),
        late.why(),
        late.next(),
        late.leaseLeftNanos() < 0
            ? null
            : Instant.ofEpochMilli(System.currentTimeMillis() + late.leaseLeftNanos() / 1_000_000));
  }

  /** Lateness is relative: the first participant shows how long it takes when nothing is wrong. */
  private static long firstResolvedNanos(Invalidation invalidation) {
    return invalidation.fences().stream()
        .filter(fence -> fence.resolution() != null)
        .mapToLong(Invalidation.Fence::elapsedNanos)
        .min()
        .orElse(0);
  }

  private static FenceView.Participant participant(Invalidation.Fence fence, long firstNanos) {
    return new FenceView.Participant(
        fence.device().toString(),
        fence.deviceName(),
        resolution(fence),
        Views.micros(fence.elapsedNanos()),
        Views.micros(Math.max(0, fence.elapsedNanos() - firstNanos)),
        fence.diagnosis());
  }

  private static String resolution(Invalidation.Fence fence) {
    @Nullable Enum<?> resolution = fence.resolution();
    return resolution == null ? "pending" : Views.word(resolution);
  }

  private static RangeView.HolderView holder(Holder holder) {
    return new RangeView.HolderView(
        holder.device().toString(), holder.deviceName(), holder.mirrors(), holder.heldPages());
  }

  private static String rangeState(Range range, long pages) {
    if (range.invalidatingPages() > 0) {
      return "invalidating";
    }
    if (range.residentPages() == 0) {
      return "not-resident";
    }
    return range.residentPages() >= pages ? "resident" : "partly-resident";
  }
}
