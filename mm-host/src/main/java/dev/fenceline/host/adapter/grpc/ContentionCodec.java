package dev.fenceline.host.adapter.grpc;

import dev.fenceline.common.v1.Interval;
import dev.fenceline.host.engine.shard.AddressSpace;
import dev.fenceline.host.engine.thrash.Thrashing;
import dev.fenceline.host.engine.turn.Turns;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Pages;
import dev.fenceline.space.v1.ContendedBlock;
import dev.fenceline.space.v1.ListContentionReply;
import java.util.TreeMap;

/** Blocks that are contended, from the engine to gRPC. Stateless. */
final class ContentionCodec {
  private ContentionCodec() {}

  /** Those that begin at or behind an address, by address, at most so many. */
  static ListContentionReply encode(AddressSpace space, long from, int limit, long nowNanos) {
    TreeMap<Long, ContendedBlock.Builder> blocks = new TreeMap<>();
    for (Turns.BlockView turns : space.turns().blocks(nowNanos)) {
      add(blocks.computeIfAbsent(turns.vpnStart(), ContentionCodec::block), turns);
    }
    for (Thrashing.BlockView pages : space.thrashing().blocks(nowNanos)) {
      if (pages.moves() > 0) {
        add(blocks.computeIfAbsent(pages.vpnStart(), ContentionCodec::block), pages);
      }
    }
    ListContentionReply.Builder reply = ListContentionReply.newBuilder();
    for (ContendedBlock.Builder block : blocks.tailMap(from / Pages.SIZE_BYTES).values()) {
      if (reply.getBlocksCount() == limit) {
        return reply.setMore(true).build();
      }
      reply.addBlocks(block);
    }
    return reply.build();
  }

  private static ContendedBlock.Builder block(long vpnStart) {
    return ContendedBlock.newBuilder()
        .setInterval(
            Interval.newBuilder()
                .setStart(Pages.address(vpnStart))
                .setEnd(Pages.address(vpnStart + Pages.PER_BLOCK)));
  }

  private static void add(ContendedBlock.Builder block, Turns.BlockView turns) {
    DeviceId device = turns.device();
    if (device != null) {
      block.setLastTurn(SpaceReads.ref(device));
    }
    block
        .setWorstCollisions(turns.worstCollisions())
        .setTurns(turns.turns())
        .setTurnLeftNanos(turns.leftNanos())
        .setHostsTurn(turns.hostsTurn())
        .setHeldOperations(turns.heldOperations())
        .setLongestTurnNanos(turns.longestTurnNanos());
  }

  private static void add(ContendedBlock.Builder block, Thrashing.BlockView pages) {
    block
        .setMoves(pages.moves())
        .setNaps(pages.naps())
        .setPins(pages.pins())
        .setThrashingPages(pages.thrashingPages())
        .setPinnedPages(pages.pinnedPages())
        .setPinnedLeftNanos(pages.pinnedNanos());
  }
}
