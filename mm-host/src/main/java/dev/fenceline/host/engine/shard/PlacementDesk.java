package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.attribute.AttributeMap;
import dev.fenceline.host.engine.attribute.PlacementRules;
import dev.fenceline.host.engine.attribute.PlacementRules.Verdict;
import dev.fenceline.host.engine.attribute.PrefetchTree;
import dev.fenceline.host.engine.invalidation.Mirror;
import dev.fenceline.host.engine.migration.DeviceOwner;
import dev.fenceline.host.engine.space.Mapping;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Has pages go where the attributes of their ranges want them, and keeps them from going elsewhere.
 * Confined to the shard. What it starts is a wish: whatever becomes of it, the fault was served.
 */
final class PlacementDesk {
  /** Wishes under way; more are not uttered. */
  static final int MAX_OUTSTANDING = 32;

  /** A device that is slower to drain than this keeps its pages where they are. */
  static final long PATIENCE_NANOS = 50_000_000;

  /** Half-open, in pages; immutable. */
  record Run(long vpnStart, long vpnEnd) {}

  private final ShardState state;
  private final LinkedHashSet<SpaceOperation.MigrateToDevice> wanted = new LinkedHashSet<>();
  private int outstanding;

  PlacementDesk(ShardState state) {
    this.state = state;
  }

  /** A page comes home with as many around it as its attributes say, if they say anything. */
  SpaceOperation.MigrateHome sized(AddressSpace space, SpaceOperation.MigrateHome home, long vpn) {
    int blockPages = PlacementRules.blockPages(space.attributes().at(vpn));
    if (blockPages == 0 && space.memory().large().isLarge(vpn)) {
      blockPages = Pages.PER_BLOCK;
    }
    return blockPages == 0 ? home : space.memory().devices().homeRun(vpn, blockPages);
  }

  /** A device's fault was served: pages that belong to it come to it. */
  void served(AddressSpace space, Mirror mirror, long vpnStart, long vpnEnd) {
    if (space.attributes().isEmpty() || !takesPages(mirror.view().device())) {
      return;
    }
    long vpn = vpnStart;
    while (vpn < vpnEnd) {
      Run run = belongs(space, mirror, vpn) ? around(space, mirror, vpn, vpnStart, vpnEnd) : null;
      if (run != null) {
        want(space, run, mirror.view().device());
      }
      vpn = run == null ? vpn + 1 : run.vpnEnd();
    }
  }

  private boolean takesPages(DeviceId device) {
    DeviceOwner owner = state.owners.owner(device);
    return owner != null
        && owner.attached()
        && !owner.closing()
        && owner.description().memoryPages() > 0;
  }

  private boolean belongs(AddressSpace space, Mirror mirror, long vpn) {
    DeviceId device = mirror.view().device();
    return Pte.type(space.memory().entry(vpn)) != PteType.DEVICE_PRIVATE
        && PlacementRules.of(space.attributes().at(vpn), device) == Verdict.BELONGS_THERE
        && state.thrash.mayMove(space, device, vpn);
  }

  /** What moves with a page: its block, or what a density tree finds worth it. */
  private Run around(AddressSpace space, Mirror mirror, long vpn, long faultStart, long faultEnd) {
    int blockPages = PlacementRules.blockPages(space.attributes().at(vpn));
    if (blockPages > 0) {
      return grown(space, mirror, new Run(vpn, vpn + 1), blockPages);
    }
    long base = vpn & -PrefetchTree.PAGES;
    BitSet there = new BitSet(PrefetchTree.PAGES);
    for (int i = 0; i < PrefetchTree.PAGES; i++) {
      long page = base + i;
      boolean faulted = page >= faultStart && page < faultEnd;
      there.set(i, faulted || isWith(space, mirror.view().device(), page));
    }
    PrefetchTree.Block block = PrefetchTree.around(there, (int) (vpn - base));
    return grown(space, mirror, new Run(vpn, vpn + 1), block.end() - block.start());
  }

  private static boolean isWith(AddressSpace space, DeviceId device, long vpn) {
    long entry = space.memory().entry(vpn);
    return Pte.type(entry) == PteType.DEVICE_PRIVATE
        && space.memory().devices().owner(entry).device().equals(device);
  }

  /** The run, wider within the aligned blocks that it touches, as far as pages may go along. */
  private Run grown(AddressSpace space, Mirror mirror, Run run, int blockPages) {
    long least = Math.max(run.vpnStart() & -blockPages, Pages.number(mirror.start()));
    long most =
        Math.min(((run.vpnEnd() - 1) & -blockPages) + blockPages, Pages.number(mirror.end()));
    long start = run.vpnStart();
    long end = run.vpnEnd();
    while (start > least && goesAlong(space, mirror.view().device(), start - 1)) {
      start--;
    }
    while (end < most && goesAlong(space, mirror.view().device(), end)) {
      end++;
    }
    return new Run(start, end);
  }

  private boolean goesAlong(AddressSpace space, DeviceId device, long vpn) {
    Mapping mapping = space.memory().mappings().mapping(Pages.address(vpn));
    return mapping != null
        && mapping.protection().read()
        && !mapping.attributes().shared()
        && !space.thrashing().thrashes(vpn)
        && PlacementRules.of(space.attributes().at(vpn), device) != Verdict.STAYS;
  }

  /**
   * Which of the pages that an agent asks for its device gets: the first run that may go; null if
   * none may.
   */
  @Nullable Run admitted(AddressSpace space, Mirror mirror, long vpnStart, int pageCount) {
    DeviceId device = mirror.view().device();
    long end = vpnStart + pageCount;
    long first = vpnStart;
    while (first < end && !mayGo(space, device, first)) {
      first++;
    }
    long last = first;
    while (last < end && mayGo(space, device, last)) {
      last++;
    }
    if (first == last) {
      return null;
    }
    int blockPages = PlacementRules.blockPages(space.attributes().at(first));
    Run run = new Run(first, last);
    return blockPages == 0 ? run : bounded(grown(space, mirror, run, blockPages));
  }

  private static Run bounded(Run run) {
    return new Run(run.vpnStart(), Math.min(run.vpnEnd(), run.vpnStart() + Pages.PER_BLOCK));
  }

  private boolean mayGo(AddressSpace space, DeviceId device, long vpn) {
    return PlacementRules.of(space.attributes().at(vpn), device) != Verdict.STAYS
        && (isWith(space, device, vpn) || state.thrash.mayMove(space, device, vpn));
  }

  /** WILLNEED: what prefers a device goes there before it is touched (prefetch as advised). */
  void advised(AddressSpace space, long vpnStart, long vpnEnd) {
    for (AttributeMap.Interval interval :
        space.attributes().intervals(vpnStart, vpnEnd, MAX_OUTSTANDING)) {
      DeviceId device = interval.attributes().preferred();
      if (device == null || device.equals(DeviceId.CPU) || !takesPages(device)) {
        continue;
      }
      long vpn = Math.max(vpnStart, interval.vpnStart());
      long end = Math.min(vpnEnd, interval.vpnEnd());
      while (vpn < end) {
        long next = Math.min(end, Pages.blockStart(vpn) + Pages.PER_BLOCK);
        want(space, new Run(vpn, next), device);
        vpn = next;
      }
    }
  }

  private void want(AddressSpace space, Run run, DeviceId device) {
    if (outstanding + wanted.size() >= MAX_OUTSTANDING) {
      return;
    }
    wanted.add(
        new SpaceOperation.MigrateToDevice(
            space.id(),
            Pages.address(run.vpnStart()),
            Pages.address(run.vpnEnd() - run.vpnStart()),
            device,
            SpaceOperation.Requester.HOST));
  }

  /** What faults of this step wished, and is not under way yet. */
  List<SpaceOperation.MigrateToDevice> takeWanted() {
    if (wanted.isEmpty()) {
      return List.of();
    }
    List<SpaceOperation.MigrateToDevice> taken = new ArrayList<>();
    for (SpaceOperation.MigrateToDevice migrate : wanted) {
      AddressSpace space = state.space(migrate.spaceId());
      if (space != null && !OperationQueue.underWay(space, migrate)) {
        long vpn = Pages.number(migrate.address());
        state.thrash.taken(space, vpn, vpn + Pages.number(migrate.length()), migrate.device());
        taken.add(migrate);
        outstanding++;
      }
    }
    wanted.clear();
    return taken;
  }

  /** One of them has ended. */
  void ended() {
    outstanding--;
  }
}
