package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.shard.Pin;
import dev.fenceline.host.engine.shard.ShardQueries;
import dev.fenceline.host.engine.space.Pte;

/** The breakages that free frames which somebody still uses. Confined to the event loop. */
final class EarlyFrees {
  private final SimWorld world;
  private final SimHost host;
  private final ShardQueries queries;

  EarlyFrees(SimWorld world, SimHost host, ShardQueries queries) {
    this.world = world;
    this.host = host;
    this.queries = queries;
  }

  void free() {
    if (world.broken(Breakage.FRAMES_FREED_AT_UNMAP)) {
      freeHeldFrames();
    }
    if (world.broken(Breakage.PINNED_FRAME_FREED)) {
      freePinnedFrames();
    }
  }

  private void freePinnedFrames() {
    for (Pin pin : queries.pins()) {
      if (pin.unmappedPages() == pin.frames().length) {
        for (int frame : pin.frames()) {
          host.freeEarly(frame);
        }
      }
    }
  }

  private void freeHeldFrames() {
    for (Invalidation live : queries.live()) {
      var space = queries.space(live.spaceId());
      if (space == null || live.pendingCount() == 0) {
        continue;
      }
      space
          .memory()
          .pages()
          .forEachNonEmpty(
              live.vpnStart(),
              live.vpnEnd(),
              (vpn, entry) -> {
                if (Pte.isInvalidating(entry) && Pte.frame(entry) != 0) {
                  host.freeEarly(Pte.frame(entry));
                }
              });
    }
  }
}
