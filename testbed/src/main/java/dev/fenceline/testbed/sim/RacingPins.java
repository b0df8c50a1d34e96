package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.shard.ShardQueries;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Pages;
import java.util.Set;
import java.util.TreeSet;

/**
 * The breakage of pins that come while their page is on its way out and take the frame that it
 * still has, without anybody's looking again. Confined to the event loop.
 */
final class RacingPins {
  private final SimWorld world;
  private final ShardQueries queries;
  private final Set<Integer> frames = new TreeSet<>();

  RacingPins(SimWorld world, ShardQueries queries) {
    this.world = world;
    this.queries = queries;
  }

  boolean holds(int frame) {
    return frames.contains(frame);
  }

  void asked(SpaceOperation operation) {
    if (!world.broken(Breakage.PIN_AFTER_UNMAP) || !(operation instanceof SpaceOperation.Pin pin)) {
      return;
    }
    var space = queries.space(pin.spaceId());
    long start = Pages.number(pin.address());
    long end = start + Pages.number(pin.length());
    for (Invalidation live : queries.live()) {
      if (space != null
          && live.spaceId() == pin.spaceId()
          && live.operation().resolved() instanceof SpaceOperation.Reclaim) {
        for (long vpn = Math.max(start, live.vpnStart());
            vpn < Math.min(end, live.vpnEnd());
            vpn++) {
          long entry = space.memory().entry(vpn);
          if (Pte.isInvalidating(entry) && Pte.hasFrame(entry)) {
            frames.add(Pte.frame(entry));
          }
        }
      }
    }
  }
}
