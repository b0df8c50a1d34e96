package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.attribute.PlacementRules;
import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.space.LargePages;
import dev.fenceline.host.engine.space.Mapping;
import dev.fenceline.host.engine.space.MappingAdvice;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.SpaceMemory;
import dev.fenceline.model.Access;
import dev.fenceline.model.Pages;
import dev.fenceline.model.RangeAttributes;

/**
 * Has faults map large pages, and tells who faulted of all of the large page, or of all of the
 * granule that its attributes name (64 KiB, 2 MiB). Confined to the shard.
 */
final class LargeTouch {
  private final ShardState state;
  private final DeviceTouch devices;

  LargeTouch(ShardState state, DeviceTouch devices) {
    this.state = state;
    this.devices = devices;
  }

  /** Half-open, in pages; immutable. */
  record Span(long vpnStart, long vpnEnd) {}

  /** Before [vpnStart, vpnEnd), none of which is held, is touched page by page. */
  void prepare(AddressSpace space, long vpnStart, long vpnEnd, Access access) {
    for (long block = Pages.blockStart(vpnStart); block < vpnEnd; block += Pages.PER_BLOCK) {
      long vpn = Math.max(block, vpnStart);
      if (!mapped(space, vpn, block, access) && PlacementRules.blockPages(at(space, vpn)) > 1) {
        fillGranules(space, vpn, Math.min(vpnEnd, block + Pages.PER_BLOCK), access);
      }
    }
  }

  private static boolean isFree(AddressSpace space, long block) {
    return space.firstHeldPage(block, block + Pages.PER_BLOCK) == block + Pages.PER_BLOCK;
  }

  /** Whether one translation maps the block of the page, now at the latest. */
  private boolean mapped(AddressSpace space, long vpn, long block, Access access) {
    LargePages large = space.memory().large();
    LargePages.Chance chance = large.chance(vpn, access.writes());
    if (chance == LargePages.Chance.NONE || !isFree(space, block)) {
      return large.isLarge(vpn);
    }
    if (chance == LargePages.Chance.UPGRADE) {
      large.upgrade(vpn);
      return true;
    }
    boolean populated = large.populate(vpn, access.writes());
    if (populated
        && access.writes()
        && space.cpu().holders().holdsAny(block, block + Pages.PER_BLOCK)) {
      state.emit(new ShardEffect.DropCpuZeroEntries(space.id(), block, block + Pages.PER_BLOCK));
    }
    return populated;
  }

  private static RangeAttributes at(AddressSpace space, long vpn) {
    return space.attributes().at(vpn);
  }

  /** What the granules of the pages miss comes along while frames are plenty. */
  private void fillGranules(AddressSpace space, long vpnStart, long vpnEnd, Access access) {
    int granule = PlacementRules.blockPages(at(space, vpnStart));
    Mapping mapping = space.memory().mappings().mapping(Pages.address(vpnStart));
    if (mapping == null || !comesAlong(mapping, access)) {
      return;
    }
    long from = Math.max(vpnStart & -granule, Pages.number(mapping.start()));
    long to = Math.min(((vpnEnd - 1) & -granule) + granule, Pages.number(mapping.end()));
    long spare = state.available() - state.config.reclaim().watermarks().high();
    if (spare < to - from || space.firstHeldPage(from, to) < to) {
      return;
    }
    SpaceMemory memory = space.memory();
    for (long vpn = from; vpn < to; vpn++) {
      if (Pte.isNone(memory.entry(vpn)) && at(space, vpn).equals(at(space, vpnStart))) {
        memory.touch(vpn, access.writes() ? Access.WRITE : Access.READ);
      }
    }
  }

  private static boolean comesAlong(Mapping mapping, Access access) {
    return !mapping.attributes().hasBacking()
        && mapping.protection().read()
        && (!access.writes() || mapping.protection().write())
        && !MappingAdvice.MISSING_SUPPLIED.isIn(mapping.attributes().adviceFlags());
  }

  /**
   * What is told of besides [vpnStart, vpnEnd), which was served: as much of the large pages, or
   * granules, at its ends as is there with the same right, and nothing holds.
   *
   * @param bounds what the participant may be told of
   */
  Span around(AddressSpace space, DeviceView view, Span bounds, Span served, Access access) {
    if (access == Access.EXCLUSIVE) {
      return served;
    }
    long start = before(space, view, bounds, served.vpnStart(), access);
    long end = behind(space, view, bounds, served.vpnEnd(), access);
    return new Span(start, end);
  }

  /** Pages that one answer tells of together with this one. */
  private static int granule(AddressSpace space, long vpn) {
    int said = PlacementRules.blockPages(at(space, vpn));
    if (said > 0) {
      return said;
    }
    return space.memory().large().isLarge(vpn) ? Pages.PER_BLOCK : 1;
  }

  /** Adds the pages of an answer; each block is looked at once, not for each of its pages. */
  static void tell(AddressSpace space, Span told, TranslationRuns runs) {
    int order = space.memory().large().order(told.vpnStart());
    for (long vpn = told.vpnStart(); vpn < told.vpnEnd(); vpn++) {
      order = vpn == Pages.blockStart(vpn) ? space.memory().large().order(vpn) : order;
      runs.add(space.memory().entry(vpn), order == 0 ? 0 : Math.min(order, saidOrder(space, vpn)));
    }
  }

  /** Of the granule that the attributes of a page name; that of a large page if they do not. */
  private static int saidOrder(AddressSpace space, long vpn) {
    int said = PlacementRules.blockPages(at(space, vpn));
    return said == 0 ? Pages.BLOCK_ORDER : Integer.numberOfTrailingZeros(said);
  }

  private long before(AddressSpace space, DeviceView view, Span bounds, long vpn, Access access) {
    int granule = granule(space, vpn);
    long least = Math.max(vpn & -granule, bounds.vpnStart());
    if (least >= vpn || servableEnd(space, view, least, vpn) < vpn) {
      return vpn;
    }
    long start = vpn;
    while (start > least && isTold(space, view, start - 1, access)) {
      start--;
    }
    return start;
  }

  private long behind(
      AddressSpace space, DeviceView view, Span bounds, long vpnEnd, Access access) {
    int granule = granule(space, vpnEnd - 1);
    long most = Math.min(((vpnEnd - 1) & -granule) + granule, bounds.vpnEnd());
    if (most <= vpnEnd) {
      return vpnEnd;
    }
    long servable = servableEnd(space, view, vpnEnd, most);
    long end = vpnEnd;
    while (end < servable && isTold(space, view, end, access)) {
      end++;
    }
    return end;
  }

  /** Whether the page is there, and with the right, so that it takes nothing to tell of it. */
  private boolean isTold(AddressSpace space, DeviceView view, long vpn, Access access) {
    long entry = space.memory().entry(vpn);
    boolean enough = !access.writes() || Pte.writable(entry);
    return enough
        && space.memory().readable(vpn)
        && switch (Pte.type(entry)) {
          case PRESENT, ZERO -> true;
          case DEVICE_PRIVATE -> devices.usable(space, view, vpn, entry);
          case NONE, SWAP, INVALIDATING, EXCLUSIVE, MIGRATION -> false;
        };
  }

  /**
   * How far a fault can be served: up to the first page that an active operation holds (INV-2) or
   * for which the participant itself owes a fence.
   */
  static long servableEnd(AddressSpace space, DeviceView view, long vpnStart, long vpnEnd) {
    long end = space.firstHeldPage(vpnStart, vpnEnd);
    return AddressSpace.firstOwedPage(view, vpnStart, end);
  }
}
