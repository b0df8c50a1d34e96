package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.space.SpaceOperation;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * An address space that may be killed for its memory; immutable.
 *
 * @param pages frames and swap slots that its end would give back: not what others map too, and not
 *     what is pinned
 * @param score pages, and its adjustment in thousandths of all frames and swap slots of the host
 *     (Linux' {@code oom_badness})
 */
public record OomCandidate(long spaceId, long pages, long score) {
  /** The adjustment of a space that is never killed. */
  public static final int NEVER = -1000;

  /** The victim comes last: the greatest score and, of those, the youngest, who loses least. */
  public static final Comparator<OomCandidate> BY_SCORE =
      Comparator.comparingLong(OomCandidate::score).thenComparingLong(OomCandidate::spaceId);

  /** The space as a candidate; null if it cannot be one, or its end would give nothing back. */
  static @Nullable OomCandidate of(AddressSpace space, OomConfig config) {
    if (space.oomScoreAdjust() <= NEVER || space.memory().killed() || isGoing(space)) {
      return null;
    }
    long pages = space.memory().pagesToGain();
    return pages == 0 ? null : new OomCandidate(space.id(), pages, scoreOf(space, pages, config));
  }

  /** What the score of a space with so many pages to give is. */
  static long scoreOf(AddressSpace space, long pages, OomConfig config) {
    return pages + space.oomScoreAdjust() * config.totalPages() / 1000;
  }

  /** Its memory comes back by itself. */
  private static boolean isGoing(AddressSpace space) {
    for (Operation operation : space.active()) {
      if (operation.request() instanceof SpaceOperation.Destroy) {
        return true;
      }
    }
    return false;
  }
}
