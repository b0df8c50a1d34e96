package dev.fenceline.coordinator.adapter.grpc;

import dev.fenceline.coordinator.engine.query.AttributedRange;
import dev.fenceline.coordinator.engine.query.ContendedBlock;
import dev.fenceline.coordinator.engine.query.Portion;
import dev.fenceline.space.v1.ListAttributesReply;
import dev.fenceline.space.v1.ListContentionReply;
import dev.fenceline.wire.MalformedMessageException;
import dev.fenceline.wire.RangeAttributesCodec;
import java.util.List;

/**
 * Attributes of ranges and contended blocks, between the coordinator's words and the wire.
 * Stateless.
 */
final class PlacementCodec {
  private PlacementCodec() {}

  static Portion<AttributedRange> ranges(ListAttributesReply reply)
      throws MalformedMessageException {
    List<AttributedRange> ranges =
        GrpcHostQueries.each(
            reply.getRangesList(),
            range ->
                new AttributedRange(
                    range.getInterval().getStart(),
                    range.getInterval().getEnd(),
                    RangeAttributesCodec.decode(range.getAttributes())));
    boolean more = reply.getMore() && !ranges.isEmpty();
    return new Portion<>(ranges, more ? ranges.getLast().end() : 0, 0);
  }

  static Portion<ContendedBlock> contention(ListContentionReply reply) {
    List<ContendedBlock> blocks =
        reply.getBlocksList().stream().map(PlacementCodec::block).toList();
    boolean more = reply.getMore() && !blocks.isEmpty();
    return new Portion<>(blocks, more ? blocks.getLast().end() : 0, 0);
  }

  private static ContendedBlock block(dev.fenceline.space.v1.ContendedBlock block) {
    return new ContendedBlock(
        block.getInterval().getStart(),
        block.getInterval().getEnd(),
        new ContendedBlock.Turns(
            block.getTurns(),
            block.hasLastTurn() ? QueryCodec.device(block.getLastTurn()) : null,
            block.getTurnLeftNanos(),
            block.getHostsTurn(),
            block.getHeldOperations(),
            block.getLongestTurnNanos(),
            Integer.toUnsignedLong(block.getWorstCollisions())),
        new ContendedBlock.Moves(
            block.getMoves(),
            block.getNaps(),
            block.getPins(),
            Integer.toUnsignedLong(block.getThrashingPages()),
            Integer.toUnsignedLong(block.getPinnedPages()),
            block.getPinnedLeftNanos()));
  }
}
