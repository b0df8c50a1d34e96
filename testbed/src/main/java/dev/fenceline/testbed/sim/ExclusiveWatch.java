package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.DeviceId;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Who has which page for itself alone, from outside of the engines: from the grant until an
 * invalidation of the page has ended. Nobody else may get at it meanwhile, or what the holder read
 * and has not written yet would be overwritten (INV-13). Confined to the event loop.
 */
final class ExclusiveWatch {
  private record PageOf(SimSpace space, long vpn) implements Comparable<PageOf> {
    @Override
    public int compareTo(PageOf other) {
      int byEpoch = Long.compare(space.hostEpoch(), other.space.hostEpoch());
      int bySpace = byEpoch != 0 ? byEpoch : Long.compare(space.id(), other.space.id());
      return bySpace != 0 ? bySpace : Long.compare(vpn, other.vpn);
    }
  }

  private final SimWorld world;
  private final TreeMap<PageOf, DeviceId> holders = new TreeMap<>();

  /** Who had a page last. */
  private final TreeMap<PageOf, DeviceId> former = new TreeMap<>();

  ExclusiveWatch(SimWorld world) {
    this.world = world;
  }

  /** The host answered that the page is the device's alone. */
  void granted(SimSpace space, long vpn, DeviceId device) {
    PageOf page = new PageOf(space, vpn);
    DeviceId before = holders.put(page, device);
    if (before != null && !before.equals(device)) {
      throw new InvariantViolation(
          "INV-13",
          "page 0x%x of %s is given to %s alone, and %s has it"
              .formatted(vpn, space, device, before));
    }
    if (before == null) {
      world.count(Sometimes.EXCLUSIVE_GRANTED);
      DeviceId last = former.put(page, device);
      if (last != null && !last.equals(device)) {
        world.count(Sometimes.EXCLUSIVE_TAKEN_BY_DEVICE);
      }
    }
  }

  /**
   * Whoever had pages of it has drained; or it backed off, and what the holder has not done yet is
   * refused for its generation.
   */
  void ended(SimSpace space, Invalidation invalidation) {
    Map<PageOf, DeviceId> gone =
        holders.subMap(
            new PageOf(space, invalidation.vpnStart()), new PageOf(space, invalidation.vpnEnd()));
    if (!gone.isEmpty()
        && invalidation.operation().resolved() instanceof SpaceOperation.RevokeExclusive) {
      world.count(Sometimes.EXCLUSIVE_REVOKED);
    }
    gone.clear();
  }

  /** Bytes of the page move in this moment. */
  void accessed(SimSpace space, long vpn, DeviceId by) {
    DeviceId holder = holders.get(new PageOf(space, vpn));
    if (holder != null && !holder.equals(by)) {
      throw new InvariantViolation(
          "INV-13",
          "%s accesses page 0x%x of %s, which %s has for itself alone"
              .formatted(by, vpn, space, holder));
    }
  }

  /** Who has the page for itself, or null. */
  @Nullable DeviceId holder(SimSpace space, long vpn) {
    return holders.get(new PageOf(space, vpn));
  }
}
