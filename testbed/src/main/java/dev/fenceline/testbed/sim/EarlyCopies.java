package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.shard.ShardQueries;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.SpaceOperation;
import java.util.Map;
import java.util.TreeMap;

/**
 * The breakage of a host for which a downgrade takes effect when it has unmapped the page, while
 * devices drain: what it copies and writes out then is what the page held in that moment. Confined
 * to the event loop.
 */
final class EarlyCopies {
  private final SimWorld world;
  private final Frames frames;
  private final ShardQueries queries;

  /** By frame. */
  private final Map<Integer, long[]> held = new TreeMap<>();

  EarlyCopies(SimWorld world, Frames frames, ShardQueries queries) {
    this.world = world;
    this.frames = frames;
    this.queries = queries;
  }

  /** Before anything else happens at the shard. */
  void look() {
    if (!world.broken(Breakage.DOWNGRADE_BEFORE_DRAIN)) {
      return;
    }
    Map<Integer, long[]> before = new TreeMap<>(held);
    held.clear();
    for (Invalidation live : queries.live()) {
      var space = queries.space(live.spaceId());
      SpaceOperation operation = live.operation().resolved();
      if (space != null
          && (operation instanceof SpaceOperation.Reclaim
              || operation instanceof SpaceOperation.BreakCow)) {
        space
            .memory()
            .pages()
            .forEachNonEmpty(
                live.vpnStart(), live.vpnEnd(), (vpn, entry) -> remember(entry, before));
      }
    }
  }

  private void remember(long entry, Map<Integer, long[]> before) {
    if (!Pte.isInvalidating(entry) || !Pte.hasFrame(entry)) {
      return;
    }
    int frame = Pte.frame(entry);
    long[] words = before.get(frame);
    if (words == null) {
      words = new long[Frames.WORDS];
      for (int word = 0; word < words.length; word++) {
        words[word] = frames.read(frame, word);
      }
    }
    held.put(frame, words);
  }

  /** The frame shows what it held when its page was unmapped. */
  void show(int from, int in) {
    long[] words = held.get(from);
    for (int word = 0; words != null && word < words.length; word++) {
      frames.write(in, word, words[word]);
    }
  }
}
