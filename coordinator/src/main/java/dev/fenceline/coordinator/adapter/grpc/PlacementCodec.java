package dev.fenceline.coordinator.adapter.grpc;

import dev.fenceline.coordinator.engine.query.AttributedRange;
import dev.fenceline.coordinator.engine.query.ContendedBlock;
import dev.fenceline.coordinator.engine.query.Portion;
import dev.fenceline.coordinator.engine.query.RangeAttributes;
import dev.fenceline.coordinator.engine.query.RangeAttributes.AtomicMode;
import dev.fenceline.coordinator.engine.query.RangeAttributes.Granularity;
import dev.fenceline.coordinator.engine.query.RangeAttributes.MigrationPolicy;
import dev.fenceline.model.DeviceId;
import dev.fenceline.space.v1.ListAttributesReply;
import dev.fenceline.space.v1.ListContentionReply;
import dev.fenceline.wire.MalformedMessageException;
import java.util.List;

/**
 * Attributes of ranges and contended blocks, between the coordinator's words and the wire.
 * Stateless.
 */
final class PlacementCodec {
  private PlacementCodec() {}

  static dev.fenceline.space.v1.RangeAttributes encode(RangeAttributes attributes) {
    var wire =
        dev.fenceline.space.v1.RangeAttributes.newBuilder()
            .setReadDuplication(attributes.readDuplication())
            .setGranularityValue(attributes.granularity().ordinal())
            .setMigrationPolicyValue(attributes.migrationPolicy().ordinal())
            .setAtomicModeValue(attributes.atomicMode().ordinal());
    DeviceId preferred = attributes.preferred();
    if (preferred != null) {
      wire.setPreferred(QueryCodec.encode(preferred));
    }
    attributes.accessedBy().forEach(device -> wire.addAccessedBy(QueryCodec.encode(device)));
    return wire.build();
  }

  static Portion<AttributedRange> ranges(ListAttributesReply reply)
      throws MalformedMessageException {
    List<AttributedRange> ranges =
        GrpcHostQueries.each(
            reply.getRangesList(),
            range ->
                new AttributedRange(
                    range.getInterval().getStart(),
                    range.getInterval().getEnd(),
                    decode(range.getAttributes())));
    boolean more = reply.getMore() && !ranges.isEmpty();
    return new Portion<>(ranges, more ? ranges.getLast().end() : 0, 0);
  }

  private static RangeAttributes decode(dev.fenceline.space.v1.RangeAttributes wire)
      throws MalformedMessageException {
    return new RangeAttributes(
        wire.hasPreferred() ? QueryCodec.device(wire.getPreferred()) : null,
        wire.getAccessedByList().stream().map(QueryCodec::device).toList(),
        wire.getReadDuplication(),
        switch (wire.getGranularity()) {
          case GRANULARITY_UNSPECIFIED -> Granularity.UNSPECIFIED;
          case GRANULARITY_4K -> Granularity.PAGE_4K;
          case GRANULARITY_64K -> Granularity.PAGE_64K;
          case GRANULARITY_2M -> Granularity.PAGE_2M;
          case UNRECOGNIZED -> throw QueryCodec.unknown("granularity", wire.getGranularity());
        },
        switch (wire.getMigrationPolicy()) {
          case MIGRATION_POLICY_UNSPECIFIED -> MigrationPolicy.ALLOWED;
          case MIGRATION_POLICY_FROM_HOST_ONLY -> MigrationPolicy.FROM_HOST_ONLY;
          case MIGRATION_POLICY_FORBIDDEN -> MigrationPolicy.FORBIDDEN;
          case UNRECOGNIZED ->
              throw QueryCodec.unknown("migration policy", wire.getMigrationPolicy());
        },
        switch (wire.getAtomicMode()) {
          case ATOMIC_MODE_UNSPECIFIED -> AtomicMode.UNSPECIFIED;
          case ATOMIC_MODE_DEVICE -> AtomicMode.DEVICE;
          case ATOMIC_MODE_GLOBAL -> AtomicMode.GLOBAL;
          case ATOMIC_MODE_CPU -> AtomicMode.CPU;
          case UNRECOGNIZED -> throw QueryCodec.unknown("atomic mode", wire.getAtomicMode());
        });
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
