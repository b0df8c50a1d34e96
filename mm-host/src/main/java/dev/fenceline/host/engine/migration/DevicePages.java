package dev.fenceline.host.engine.migration;

import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.model.LocalPages;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The device pages of a shard by page frame number (Linux: ZONE_DEVICE): which page of which device
 * each is, and which page of which address space is there. Confined to the shard.
 */
public final class DevicePages {
  /** What {@link #find} answers for a page that is not there; no page frame number is this. */
  public static final int ABSENT = -1;

  /** Whose page one is that only a pin keeps. */
  public static final long NO_SPACE = -1;

  /** One page of a device's memory; a slot without an owner is free. */
  private static final class Page {
    @Nullable DeviceOwner owner;
    long migrationId;
    int localPage;
    long spaceId;
    long vpn;
  }

  private final List<Page> pages = new ArrayList<>();
  private final List<Integer> freeSlots = new ArrayList<>();
  private final List<Released> released = new ArrayList<>();

  /** A page that its device may free. */
  private record Released(DeviceOwner owner, long migrationId, int localPage) {}

  /**
   * The page of the space is in this page of the device's memory from now on.
   *
   * @return its page frame number
   */
  public int add(DeviceOwner owner, long migrationId, int localPage, long spaceId, long vpn) {
    int slot;
    if (freeSlots.isEmpty()) {
      slot = pages.size();
      pages.add(new Page());
    } else {
      slot = freeSlots.removeLast();
    }
    int number = Pte.FIRST_DEVICE_PAGE + slot;
    Page page = pages.get(slot);
    page.owner = owner;
    page.migrationId = migrationId;
    page.localPage = localPage;
    page.spaceId = spaceId;
    page.vpn = vpn;
    if (owner.pages().putIfAbsent(localPage, number) != null) {
      throw new IllegalStateException("INV-8: local page " + localPage + " holds two pages");
    }
    return number;
  }

  /** The page is elsewhere, or nowhere: the device is told by {@link #takeReleased}. */
  public void release(int number) {
    Page page = page(number);
    released.add(new Released(forget(number), page.migrationId, page.localPage));
  }

  /** The page is elsewhere, and the device knows; or it went with its device. */
  public DeviceOwner forget(int number) {
    Page page = page(number);
    DeviceOwner owner = owner(number);
    owner.pages().remove(page.localPage);
    page.owner = null;
    freeSlots.add(number - Pte.FIRST_DEVICE_PAGE);
    return owner;
  }

  /** The page of memory lies at another address now. */
  public void moved(int number, long spaceId, long vpn) {
    Page page = page(number);
    page.spaceId = spaceId;
    page.vpn = vpn;
  }

  /** No address space has the page any more, and somebody pins it. */
  public void leftBehind(int number) {
    moved(number, NO_SPACE, 0);
  }

  public DeviceOwner owner(int number) {
    DeviceOwner owner = page(number).owner;
    if (owner == null) {
      throw new IllegalStateException("INV-8: device page " + number + " is free");
    }
    return owner;
  }

  /** What was in the page is gone: it belongs to a device that is lost. */
  public void lose(int number, DeviceOwner lost) {
    Page page = page(number);
    owner(number).pages().remove(page.localPage);
    page.owner = lost;
  }

  /**
   * Another address space has the same lost page.
   *
   * @return its page frame number
   */
  public int copyLost(int number, long spaceId, long vpn) {
    Page lost = page(number);
    DeviceOwner twin = DeviceOwners.lostTwin(owner(number));
    return add(twin, lost.migrationId, lost.localPage, spaceId, vpn);
  }

  public int localPage(int number) {
    return page(number).localPage;
  }

  public long migrationId(int number) {
    return page(number).migrationId;
  }

  public long spaceId(int number) {
    return page(number).spaceId;
  }

  public long vpn(int number) {
    return page(number).vpn;
  }

  /** The page frame number of what a migration put there; ABSENT if it is there no more. */
  public int find(DeviceOwner owner, long migrationId, int localPage) {
    Integer number = owner.pages().get(localPage);
    return number != null && page(number).migrationId == migrationId ? number : ABSENT;
  }

  /** Receives what a device may free. */
  @FunctionalInterface
  public interface ReleaseVisitor {
    void released(DeviceOwner owner, List<LocalPages> pages);
  }

  /** Hands out what was released since the last time, device by device. */
  public void takeReleased(ReleaseVisitor visitor) {
    while (!released.isEmpty()) {
      DeviceOwner owner = released.getFirst().owner();
      List<LocalPages> pages = new ArrayList<>();
      for (Released page : released) {
        if (page.owner() == owner) {
          pages.add(
              new LocalPages(
                  owner.device().deviceIndex(), page.migrationId(), page.localPage(), 1));
        }
      }
      released.removeIf(page -> page.owner() == owner);
      visitor.released(owner, joined(pages));
    }
  }

  /** The same pages in as few runs as their order allows. */
  public static List<LocalPages> joined(List<LocalPages> pages) {
    List<LocalPages> runs = new ArrayList<>();
    for (LocalPages page : pages) {
      join(runs, page);
    }
    return runs;
  }

  private static void join(List<LocalPages> runs, LocalPages next) {
    LocalPages last = runs.isEmpty() ? null : runs.getLast();
    if (last != null
        && last.deviceIndex() == next.deviceIndex()
        && last.migrationId() == next.migrationId()
        && last.firstLocalPage() + last.pageCount() == next.firstLocalPage()) {
      runs.set(
          runs.size() - 1,
          new LocalPages(
              last.deviceIndex(),
              last.migrationId(),
              last.firstLocalPage(),
              last.pageCount() + next.pageCount()));
    } else {
      runs.add(next);
    }
  }

  private Page page(int number) {
    return pages.get(number - Pte.FIRST_DEVICE_PAGE);
  }
}
