package dev.fenceline.host.adapter.grpc;

import dev.fenceline.common.v1.DeviceRef;
import dev.fenceline.common.v1.Interval;
import dev.fenceline.host.engine.attribute.AttributeMap;
import dev.fenceline.host.engine.attribute.RangeAttributes;
import dev.fenceline.host.engine.attribute.RangeAttributes.AtomicMode;
import dev.fenceline.host.engine.attribute.RangeAttributes.Granularity;
import dev.fenceline.host.engine.attribute.RangeAttributes.MigrationPolicy;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import dev.fenceline.space.v1.ListAttributesReply;
import java.util.List;

/** Attributes of ranges, between gRPC and the engine. Stateless. */
final class AttributeCodec {
  private AttributeCodec() {}

  static RangeAttributes decode(dev.fenceline.space.v1.RangeAttributes wire) {
    if (wire.getAccessedByCount() > RangeAttributes.MAX_ACCESSED_BY) {
      throw Refusals.exception(
          Errno.EINVAL,
          "accessed_by names %d devices, at most %d"
              .formatted(wire.getAccessedByCount(), RangeAttributes.MAX_ACCESSED_BY));
    }
    return new RangeAttributes(
        wire.hasPreferred() ? device(wire.getPreferred()) : null,
        wire.getAccessedByList().stream().map(AttributeCodec::device).toList(),
        wire.getReadDuplication(),
        switch (wire.getGranularity()) {
          case GRANULARITY_UNSPECIFIED -> Granularity.UNSPECIFIED;
          case GRANULARITY_4K -> Granularity.PAGE_4K;
          case GRANULARITY_64K -> Granularity.PAGE_64K;
          case GRANULARITY_2M -> Granularity.PAGE_2M;
          case UNRECOGNIZED -> throw unknown("granularity");
        },
        switch (wire.getMigrationPolicy()) {
          case MIGRATION_POLICY_UNSPECIFIED -> MigrationPolicy.ALLOWED;
          case MIGRATION_POLICY_FROM_HOST_ONLY -> MigrationPolicy.FROM_HOST_ONLY;
          case MIGRATION_POLICY_FORBIDDEN -> MigrationPolicy.FORBIDDEN;
          case UNRECOGNIZED -> throw unknown("migration_policy");
        },
        switch (wire.getAtomicMode()) {
          case ATOMIC_MODE_UNSPECIFIED -> AtomicMode.UNSPECIFIED;
          case ATOMIC_MODE_DEVICE -> AtomicMode.DEVICE;
          case ATOMIC_MODE_GLOBAL -> AtomicMode.GLOBAL;
          case ATOMIC_MODE_CPU -> AtomicMode.CPU;
          case UNRECOGNIZED -> throw unknown("atomic_mode");
        });
  }

  private static DeviceId device(DeviceRef wire) {
    if (wire.getAgentId().isEmpty()
        || wire.getAgentId().length() > 128
        || wire.getDeviceIndex() < 0) {
      throw Refusals.exception(Errno.EINVAL, "a device of an attribute needs an agent's id");
    }
    return new DeviceId(wire.getAgentId(), wire.getDeviceIndex());
  }

  private static RuntimeException unknown(String field) {
    return Refusals.exception(Errno.EINVAL, field + " is unknown");
  }

  static ListAttributesReply encode(List<AttributeMap.Interval> intervals, int limit) {
    ListAttributesReply.Builder reply =
        ListAttributesReply.newBuilder().setMore(intervals.size() > limit);
    for (AttributeMap.Interval interval : intervals.subList(0, Math.min(limit, intervals.size()))) {
      reply
          .addRangesBuilder()
          .setInterval(
              Interval.newBuilder()
                  .setStart(Pages.address(interval.vpnStart()))
                  .setEnd(Pages.address(interval.vpnEnd())))
          .setAttributes(encode(interval.attributes()));
    }
    return reply.build();
  }

  private static dev.fenceline.space.v1.RangeAttributes encode(RangeAttributes attributes) {
    var wire =
        dev.fenceline.space.v1.RangeAttributes.newBuilder()
            .setReadDuplication(attributes.readDuplication())
            .setGranularityValue(attributes.granularity().ordinal())
            .setMigrationPolicyValue(attributes.migration().ordinal())
            .setAtomicModeValue(attributes.atomics().ordinal());
    DeviceId preferred = attributes.preferred();
    if (preferred != null) {
      wire.setPreferred(SpaceReads.ref(preferred));
    }
    attributes.accessedBy().forEach(device -> wire.addAccessedBy(SpaceReads.ref(device)));
    return wire.build();
  }
}
