package dev.fenceline.host.engine.invalidation;

import dev.fenceline.host.engine.notifier.IntervalTree;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The mirrors of one address space by interval. Confined to the shard.
 *
 * <p>Adding and removing take effect at once, also while invalidations run (INV-12): a new mirror
 * holds nothing, so no running invalidation concerns it, and its faults wait for those; what a
 * removed one still owes stays with its {@link DeviceView}, and no later invalidation finds it.
 */
public final class MirrorSet {
  private final IntervalTree tree = new IntervalTree();
  private final List<@Nullable Mirror> byHandle = new ArrayList<>();

  public void add(Mirror mirror) {
    int handle = tree.insert(mirror.start(), mirror.end());
    mirror.placedAt(handle);
    while (byHandle.size() <= handle) {
      byHandle.add(null);
    }
    byHandle.set(handle, mirror);
    mirror.view().mirrorAdded();
  }

  public void remove(Mirror mirror) {
    tree.remove(mirror.handle());
    byHandle.set(mirror.handle(), null);
    mirror.view().mirrorRemoved();
  }

  public int size() {
    return tree.size();
  }

  /** Visits the mirrors that overlap [start, end), by address and then age of the handle. */
  public void forEachOverlap(long start, long end, Consumer<Mirror> visitor) {
    tree.forEachOverlap(
        start,
        end,
        handle -> {
          Mirror mirror = byHandle.get(handle);
          if (mirror == null) {
            throw new IllegalStateException("mirror handle " + handle + " leads nowhere");
          }
          visitor.accept(mirror);
        });
  }

  public long bytes() {
    return tree.bytes();
  }
}
