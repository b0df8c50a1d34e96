package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.attribute.PlacementRules;
import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.migration.DeviceOwner;
import dev.fenceline.host.engine.space.DeviceResidents;
import dev.fenceline.host.engine.space.Mapping;
import dev.fenceline.host.engine.space.PageTouch;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Access;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Peer;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a device finds of pages that devices have: its own memory and that of its owner group as
 * they are, what it holds exclusively, and exclusive access where it asks for it. Confined to the
 * shard.
 */
final class DeviceTouch {
  private final ShardState state;

  DeviceTouch(ShardState state) {
    this.state = state;
  }

  /** Null if the page is to be touched as by anybody else. */
  @Nullable PageTouch touch(AddressSpace space, DeviceView view, long vpn, Access access) {
    long entry = space.memory().entry(vpn);
    boolean exclusive = Pte.type(entry) == PteType.EXCLUSIVE;
    if (Pte.type(entry) != PteType.DEVICE_PRIVATE && !exclusive) {
      return null;
    }
    Mapping mapping = space.memory().mappings().mapping(Pages.address(vpn));
    if (mapping == null
        || !mapping.protection().read()
        || (access.writes() && !mapping.protection().write())) {
      return null; // refused as for anybody else
    }
    if (exclusive) {
      return space.memory().devices().exclusiveTo(vpn, view.device())
          ? new PageTouch.Mapped(entry)
          : null;
    }
    if (access == Access.EXCLUSIVE || !usable(space, view, vpn, entry)) {
      return null;
    }
    boolean upgraded = access.writes() && !Pte.writable(entry);
    return new PageTouch.Mapped(upgraded ? space.memory().devices().makeWritable(vpn) : entry);
  }

  /**
   * Whether a device may use a page of device memory where it is. A peer's can be used as long as
   * the peer mirrors it: without a mirror it has no entry of its own to check accesses by, and
   * would answer "stale" for ever (INV-9).
   */
  boolean usable(AddressSpace space, DeviceView view, long vpn, long entry) {
    DeviceOwner owner = space.memory().devices().owner(entry);
    if (!owner.attached()) {
      return false;
    }
    if (owner.device().equals(view.device()) || owner.openTo(view.device())) {
      return true;
    }
    DeviceOwner own = state.owners.owner(view.device());
    return own != null && owner.sharesWith(own) && mirrors(owner, space, Pages.address(vpn));
  }

  private boolean mirrors(DeviceOwner owner, AddressSpace space, long address) {
    ShardSession session = state.sessions.get(owner.sessionId());
    return session != null
        && session.mirrors().values().stream()
            .anyMatch(
                mirror ->
                    mirror.view().device().equals(owner.device())
                        && mirror.start() <= address
                        && address < mirror.end()
                        && space.equals(session.spaceOf(mirror.mirrorId())));
  }

  /** Whose memory those of the entries are in that are on (coherent) devices, by number. */
  Map<Integer, Peer> peersOf(long[] entries) {
    TreeMap<Integer, Peer> peers = new TreeMap<>();
    for (long entry : entries) {
      if (Pte.type(entry) == PteType.DEVICE_PRIVATE) {
        DeviceOwner owner = state.devicePages.owner(Pte.frame(entry));
        peers.put(Pte.frame(entry), new Peer(owner.device(), owner.peerTarget()));
      }
    }
    return peers;
  }

  /**
   * What has to be done before the page, which is in a frame, is the device's alone; those behind
   * it that could be as well go along.
   */
  PageTouch forExclusive(AddressSpace space, DeviceView view, long vpn, long vpnEnd) {
    DeviceResidents residents = space.memory().devices();
    if (residents.exclusiveTo(vpn, view.device())) {
      return new PageTouch.Mapped(space.memory().entry(vpn));
    }
    if (!PlacementRules.exclusiveAllowed(space.attributes().at(vpn))) {
      return new PageTouch.Refused(
          Errno.EPERM,
          "page 0x%x: its attributes leave atomics to the CPU".formatted(Pages.address(vpn)));
    }
    PageTouch.Refused refused = residents.notExclusive(vpn);
    if (refused != null) {
      return refused;
    }
    long end = vpn + 1;
    while (end < vpnEnd && isPresentForWriting(space, end) && residents.notExclusive(end) == null) {
      end++;
    }
    return new PageTouch.Needs(
        new SpaceOperation.MakeExclusive(space.id(), vpn, end, view.device()));
  }

  private static boolean isPresentForWriting(AddressSpace space, long vpn) {
    long entry = space.memory().entry(vpn);
    return Pte.isPresent(entry) && Pte.writable(entry);
  }
}
