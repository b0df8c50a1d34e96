package dev.fenceline.host.adapter.grpc;

import dev.fenceline.common.v1.Interval;
import dev.fenceline.host.engine.attribute.AttributeMap;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import dev.fenceline.model.RangeAttributes;
import dev.fenceline.space.v1.ListAttributesReply;
import dev.fenceline.wire.MalformedMessageException;
import dev.fenceline.wire.RangeAttributesCodec;
import java.util.List;

/** Attributes of ranges, between gRPC and the engine. Stateless. */
final class AttributeCodec {
  private AttributeCodec() {}

  static RangeAttributes decode(dev.fenceline.space.v1.RangeAttributes wire) {
    try {
      return RangeAttributesCodec.decode(wire);
    } catch (MalformedMessageException e) {
      throw Refusals.exception(Errno.EINVAL, String.valueOf(e.getMessage()));
    }
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
          .setAttributes(RangeAttributesCodec.encode(interval.attributes()));
    }
    return reply.build();
  }
}
