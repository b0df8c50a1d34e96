package dev.fenceline.host.engine.space;

import dev.fenceline.host.engine.migration.DeviceOwner;
import dev.fenceline.host.engine.migration.DevicePages;
import dev.fenceline.host.engine.migration.Migration;
import dev.fenceline.host.engine.migration.SkipTally;
import dev.fenceline.host.engine.migration.SkippedPages.Reason;
import dev.fenceline.host.engine.space.OperationPlan.Footprint;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Errno;
import dev.fenceline.model.InvalidationKind;
import dev.fenceline.model.Pages;
import java.util.TreeMap;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The entries of one address space whose pages devices have, for their memory or for themselves
 * alone. Confined to the shard.
 */
public final class DeviceResidents {
  /** A fault brings home what lies around its page in an aligned block of so many pages. */
  static final int HOME_BLOCK_PAGES = 16;

  private final long spaceId;
  private final PageTable pages;
  private final MappingTree mappings;
  private final FrameDesk frames;
  private final int slot;

  /** Who has an EXCLUSIVE page; says nothing of pages that are not. */
  private final TreeMap<Long, DeviceId> holders = new TreeMap<>();

  /**
   * @param slot what the frame table calls the space
   */
  DeviceResidents(long spaceId, PageTable pages, MappingTree mappings, FrameDesk frames, int slot) {
    this.spaceId = spaceId;
    this.pages = pages;
    this.mappings = mappings;
    this.frames = frames;
    this.slot = slot;
  }

  private DevicePages devices() {
    return frames.devicePages();
  }

  /** Whose memory the page is in, which is DEVICE_PRIVATE. */
  public DeviceOwner owner(long entry) {
    return devices().owner(Pte.frame(entry));
  }

  /** Whether the device has the page for itself alone. */
  public boolean exclusiveTo(long vpn, DeviceId device) {
    return Pte.type(pages.get(vpn)) == PteType.EXCLUSIVE && device.equals(holders.get(vpn));
  }

  /** Who has the page, which is EXCLUSIVE, for itself. */
  public @Nullable DeviceId exclusiveHolder(long vpn) {
    return holders.get(vpn);
  }

  /** A device page may be written in place: nobody else maps it. */
  public long makeWritable(long vpn) {
    long entry = Pte.withWritable(pages.get(vpn), true);
    pages.set(vpn, entry);
    return entry;
  }

  /** What the host needs done before it can use a page that is DEVICE_PRIVATE. */
  PageTouch touch(long vpn, long entry) {
    DeviceOwner owner = owner(entry);
    if (owner.state() == DeviceOwner.State.LOST) {
      return new PageTouch.Refused(
          Errno.DATA_LOSS,
          "page 0x%x was in the memory of %s, which is gone"
              .formatted(Pages.address(vpn), owner.device()));
    }
    if (staysPinned(entry)) {
      return new PageTouch.Refused(
          Errno.EBUSY,
          "page 0x%x is pinned where it is, in the memory of %s"
              .formatted(Pages.address(vpn), owner.device()));
    }
    return new PageTouch.Needs(homeRun(vpn, HOME_BLOCK_PAGES));
  }

  /** Whether the page, which a device has, cannot leave now (INV-11). */
  public boolean staysPinned(long entry) {
    return frames.pinned(Pte.frame(entry)) && owner(entry).attached();
  }

  /** A page that a fork can neither share nor bring home; negative if there is none. */
  long firstPinned() {
    long[] found = {-1};
    pages.forEachNonEmpty(
        0,
        Pages.PAGE_LIMIT,
        (vpn, entry) -> {
          if (found[0] < 0 && Pte.type(entry) == PteType.DEVICE_PRIVATE && staysPinned(entry)) {
            found[0] = vpn;
          }
        });
    return found[0];
  }

  /** The page, which is DEVICE_PRIVATE, comes home with its neighbours in an aligned block. */
  public SpaceOperation.MigrateHome homeRun(long vpn, int blockPages) {
    DeviceOwner owner = owner(pages.get(vpn));
    long block = vpn & -blockPages;
    long start = vpn;
    long end = vpn + 1;
    while (start > block && isWith(owner, start - 1)) {
      start--;
    }
    while (end < block + blockPages && isWith(owner, end)) {
      end++;
    }
    return new SpaceOperation.MigrateHome(spaceId, start, end, owner.device());
  }

  private boolean isWith(DeviceOwner owner, long vpn) {
    long entry = pages.get(vpn);
    return Pte.type(entry) == PteType.DEVICE_PRIVATE && owner(entry) == owner;
  }

  /**
   * What has to come home before the operation may begin; null if nothing does. A child shares its
   * parent's frames.
   */
  public SpaceOperation.@Nullable Internal neededFor(SpaceOperation operation) {
    return operation instanceof SpaceOperation.Fork ? firstHome(0, Pages.PAGE_LIMIT) : null;
  }

  private SpaceOperation.@Nullable Internal firstHome(long vpnStart, long vpnEnd) {
    long[] found = {-1};
    pages.forEachNonEmpty(
        vpnStart,
        vpnEnd,
        (vpn, entry) -> {
          if (found[0] < 0
              && Pte.type(entry) == PteType.DEVICE_PRIVATE
              && owner(entry).state() != DeviceOwner.State.LOST
              && !staysPinned(entry)) {
            found[0] = vpn;
          }
        });
    // All of it has to come: as much at a time as a migration takes, large pages whole.
    return found[0] >= 0 ? homeRun(found[0], Pages.PER_BLOCK) : null;
  }

  // ---- plans

  OperationPlan plan(SpaceOperation.MigrateToDevice migrate) {
    return MigrationPlans.planned(
        mappings,
        migrate,
        migrate.address(),
        migrate.length(),
        migrate.direct()
            ? vpn -> crossesFrom(pages.get(vpn), migrate.device()) != null
            : vpn -> stays(vpn, pages.get(vpn)) == null);
  }

  OperationPlan plan(SpaceOperation.MigrateToHost migrate) {
    return MigrationPlans.planned(
        mappings,
        migrate,
        migrate.address(),
        migrate.length(),
        vpn ->
            Pte.type(pages.get(vpn)) == PteType.DEVICE_PRIVATE
                && owner(pages.get(vpn)).attached()
                && !staysPinned(pages.get(vpn)));
  }

  /** Only pages of this device: it is not told to drop translations of any other. */
  OperationPlan plan(SpaceOperation.MigrateHome home) {
    long start = home.vpnStart();
    while (start < home.vpnEnd() && !isWith(home.device(), start)) {
      start++;
    }
    long end = start;
    while (end < home.vpnEnd() && isWith(home.device(), end)) {
      end++;
    }
    return MigrationPlans.ready(home, start, end, InvalidationKind.MIGRATE);
  }

  private boolean isWith(DeviceId device, long vpn) {
    long entry = pages.get(vpn);
    return Pte.type(entry) == PteType.DEVICE_PRIVATE
        && owner(entry).device().equals(device)
        && owner(entry).state() != DeviceOwner.State.LOST
        && !staysPinned(entry);
  }

  OperationPlan plan(SpaceOperation.MakeExclusive make) {
    // The device hears nothing of it but in the answer to its fault, which begins with the first
    // page: what it has for itself already, or in its own memory meanwhile, or what follows a page
    // that has gone, would be of a generation that it never hears of.
    long end = make.vpnStart();
    while (end < make.vpnEnd() && Pte.isPresent(pages.get(end))) {
      end++;
    }
    // Nor may anything else be made so at C: it may be held by an operation that began meanwhile.
    SpaceOperation.MakeExclusive taken =
        new SpaceOperation.MakeExclusive(make.spaceId(), make.vpnStart(), end, make.device());
    return MigrationPlans.ready(taken, make.vpnStart(), end, InvalidationKind.EXCLUSIVE);
  }

  // ---- at C

  /** Why a page cannot go to a device, held or not; null if it can. */
  private @Nullable Reason stays(long vpn, long entry) {
    Mapping mapping = mappings.mapping(Pages.address(vpn));
    if (mapping == null || mapping.attributes().shared() || mapping.attributes().hugetlb()) {
      return Reason.NOT_ANONYMOUS;
    }
    boolean file = mapping.attributes().hasBacking();
    return switch (Pte.type(entry)) {
      case NONE, ZERO -> file ? Reason.NOT_ANONYMOUS : null;
      case SWAP -> Reason.SWAPPED;
      case DEVICE_PRIVATE, MIGRATION -> Reason.ALREADY_THERE;
      case PRESENT, EXCLUSIVE -> frameStays(entry, file);
      case INVALIDATING -> {
        if (Pte.frame(entry) > Pte.MAX_FRAME) {
          yield Reason.ALREADY_THERE;
        }
        yield Pte.hasFrame(entry) ? frameStays(entry, file) : file ? Reason.NOT_ANONYMOUS : null;
      }
    };
  }

  /** A private page of a file is one's own only once it was written to. */
  private @Nullable Reason frameStays(long entry, boolean file) {
    if (frames.pinned(Pte.frame(entry))) {
      return Reason.PINNED;
    }
    if (file && !Pte.writable(entry)) {
      return Reason.NOT_ANONYMOUS;
    }
    return frames.table().mapCount(Pte.frame(entry)) > 1 ? Reason.SHARED : null;
  }

  /** Says of pages outside of what was taken why they stay. */
  public void tallyRest(SpaceOperation.MigrateToDevice migrate, Footprint taken, SkipTally tally) {
    long start = Pages.number(migrate.address());
    long end = start + Pages.number(Pages.roundUp(migrate.length()));
    for (long vpn = start; vpn < end; vpn++) {
      if (vpn < taken.vpnStart() || vpn >= taken.vpnEnd()) {
        tally(vpn, migrate.device(), tally);
      }
    }
  }

  private void tally(long vpn, DeviceId device, SkipTally tally) {
    long entry = pages.get(vpn);
    Reason reason = stays(vpn, entry);
    boolean onDevice = Pte.frame(entry) > Pte.MAX_FRAME && reason == Reason.ALREADY_THERE;
    if (onDevice && frames.pinned(Pte.frame(entry))) {
      tally.add(Reason.PINNED);
    } else if (onDevice && !devices().owner(Pte.frame(entry)).device().equals(device)) {
      tally.add(Reason.ON_OTHER_DEVICE);
    } else if (reason != null) {
      tally.add(reason);
    }
  }

  /**
   * What is held and can go is on its way from now on.
   *
   * @param busy whether the device cannot take the page now
   */
  public void collect(Migration migration, SkipTally tally, LongPredicate busy) {
    for (int i = 0; i < migration.pageCount(); i++) {
      long vpn = migration.place().vpnStart() + i;
      long entry = pages.get(vpn);
      if (busy.test(vpn)) {
        tally.add(Reason.BUSY);
        continue;
      }
      if (stays(vpn, entry) != null) {
        tally(vpn, migration.owner().device(), tally);
        continue;
      }
      migration.include(i, Pte.frame(entry), Pte.generation(entry));
      pages.set(vpn, Pte.withType(entry, PteType.MIGRATION));
    }
  }

  /** Whose memory a page is in that can go straight to the device; null if it cannot. */
  private @Nullable DeviceOwner crossesFrom(long entry, DeviceId target) {
    boolean onDevice = Pte.type(entry) == PteType.DEVICE_PRIVATE || Pte.isInvalidating(entry);
    if (!onDevice || Pte.frame(entry) <= Pte.MAX_FRAME || staysPinned(entry)) {
      return null;
    }
    DeviceOwner from = owner(entry);
    DeviceOwner to = frames.deviceOwner(target);
    boolean reachable = to != null && (from.openTo(target) || from.sharesWith(to));
    return reachable && from.attached() && !from.device().equals(target) ? from : null;
  }

  /**
   * What is held and on one other device, the first one, is on its way from there.
   *
   * @return that device; null if nothing can go
   */
  public @Nullable DeviceOwner collectAcross(
      Migration migration, SkipTally tally, LongPredicate busy) {
    DeviceId target = migration.owner().device();
    DeviceOwner source = null;
    for (int i = 0; i < migration.pageCount(); i++) {
      long vpn = migration.place().vpnStart() + i;
      long entry = pages.get(vpn);
      DeviceOwner from = Pte.isInvalidating(entry) ? crossesFrom(entry, target) : null;
      source = source == null && !busy.test(vpn) ? from : source;
      if (from == null || from != source || busy.test(vpn)) {
        tally(vpn, target, tally);
        continue;
      }
      migration.include(i, Pte.frame(entry), Pte.generation(entry));
      pages.set(vpn, Pte.withType(entry, PteType.MIGRATION));
    }
    return source;
  }

  /**
   * What is held and in the device's memory is on its way home, as far as there are frames. What is
   * pinned there only waits for its device, if that is away.
   */
  public void collectHome(Migration migration, SkipTally tally) {
    int block = isWholeBlock(migration) ? frames.allocateBlock() : FrameSource.NONE_LEFT;
    for (int i = 0; i < migration.pageCount(); i++) {
      long vpn = migration.place().vpnStart() + i;
      long entry = pages.get(vpn);
      int frame = FrameSource.NONE_LEFT;
      if (comesHome(entry, migration)) {
        frame = block == FrameSource.NONE_LEFT ? frames.allocate() : block + i;
      } else if (Pte.isInvalidating(entry)
          && Pte.frame(entry) > Pte.MAX_FRAME
          && staysPinned(entry)) {
        tally.add(Reason.PINNED);
      }
      if (frame != FrameSource.NONE_LEFT) {
        migration.include(i, frame, Pte.generation(entry));
        pages.set(vpn, Pte.withType(entry, PteType.MIGRATION));
      }
    }
  }

  private boolean comesHome(long entry, Migration migration) {
    return Pte.isInvalidating(entry)
        && Pte.frame(entry) > Pte.MAX_FRAME
        && devices().owner(Pte.frame(entry)) == migration.owner()
        && !staysPinned(entry);
  }

  /** A large frame is worth it, if there is one; 512 small ones do as well (pitfall 28). */
  private boolean isWholeBlock(Migration migration) {
    long start = migration.place().vpnStart();
    if (migration.pageCount() != Pages.PER_BLOCK || start != Pages.blockStart(start)) {
      return false;
    }
    for (int i = 0; i < Pages.PER_BLOCK; i++) {
      if (!comesHome(pages.get(start + i), migration)) {
        return false;
      }
    }
    return true;
  }

  /** Where each page of a migration home lies in the device's memory. */
  public int[] localPages(Migration migration) {
    int[] local = new int[migration.pageCount()];
    for (int i = 0; i < local.length; i++) {
      if (migration.includes(i)) {
        local[i] = devices().localPage(Pte.frame(pages.get(migration.place().vpnStart() + i)));
      }
    }
    return local;
  }

  // ---- the end of a migration

  /** The device has the page: its frame is nobody's any more. The page's entry. */
  public long movedToDevice(Migration migration, int offset, int localPage) {
    long vpn = migration.place().vpnStart() + offset;
    long entry = pages.get(vpn);
    int frame = migration.frame(offset);
    int number = devices().add(migration.owner(), migration.id(), localPage, spaceId, vpn);
    Mapping mapping = mappings.mapping(Pages.address(vpn));
    boolean writable = mapping != null && mapping.protection().write();
    long moved = Pte.devicePrivate(number, writable, Pte.generation(entry));
    pages.set(vpn, moved);
    if (frame != Pte.ZERO_PAGE_FRAME && frames.table().unmap(frame, slot, vpn) == 0) {
      migration.letGo(frame);
    }
    return moved;
  }

  /** The other device has the page. Who had it learns it by the commit. The page's entry. */
  public long movedAcross(Migration migration, int offset, int localPage) {
    long vpn = migration.place().vpnStart() + offset;
    long entry = pages.get(vpn);
    devices().forget(Pte.frame(entry));
    int number = devices().add(migration.owner(), migration.id(), localPage, spaceId, vpn);
    Mapping mapping = mappings.mapping(Pages.address(vpn));
    boolean writable = mapping != null && mapping.protection().write();
    long moved = Pte.devicePrivate(number, writable, Pte.generation(entry));
    pages.set(vpn, moved);
    return moved;
  }

  /** The page did not leave: as before, but for the generation. */
  public void stayed(Migration migration, int offset) {
    long vpn = migration.place().vpnStart() + offset;
    long entry = pages.get(vpn);
    if (migration.direction() == Migration.Direction.TO_DEVICE) {
      boolean framed = migration.frame(offset) != Pte.ZERO_PAGE_FRAME;
      pages.set(vpn, Pte.withType(entry, framed ? PteType.PRESENT : PteType.ZERO));
    } else if (migration.direction() == Migration.Direction.ACROSS) {
      pages.set(vpn, Pte.withType(entry, PteType.DEVICE_PRIVATE));
    } else {
      pages.set(vpn, Pte.withType(entry, PteType.DEVICE_PRIVATE));
      migration.letGo(migration.frame(offset));
    }
  }

  /** The page is in its frame again. The device learns it by the commit. */
  public void cameHome(Migration migration, int offset) {
    long vpn = migration.place().vpnStart() + offset;
    long entry = pages.get(vpn);
    int frame = migration.frame(offset);
    devices().forget(Pte.frame(entry));
    frames.table().map(frame, slot, vpn);
    long present = Pte.present(frame, Pte.writable(entry), Pte.generation(entry));
    pages.set(vpn, Pte.withDirty(present, true));
  }

  /** Behind the last page: frames that nobody needs any more are free, large ones as a whole. */
  public void ended(Migration migration) {
    frames.free(migration.takeLetGo());
  }

  /** What was there is gone with its device. */
  public void lost(long vpn, DeviceOwner lostTwin) {
    devices().lose(Pte.frame(pages.get(vpn)), lostTwin);
  }

  // ---- exclusive access

  /** What is held and drained is the device's alone, if it is private memory in a frame. */
  void makeExclusive(SpaceOperation.MakeExclusive make) {
    for (long vpn = make.vpnStart(); vpn < make.vpnEnd(); vpn++) {
      long entry = pages.get(vpn);
      if (Pte.isInvalidating(entry)
          && Pte.hasFrame(entry)
          && Pte.writable(entry)
          && stays(vpn, entry) == null) {
        pages.set(vpn, Pte.withType(entry, PteType.EXCLUSIVE));
        holders.put(vpn, make.device());
      } else if (Pte.isInvalidating(entry)) {
        pages.set(vpn, Pte.restored(entry));
      }
    }
  }

  /** Why a page in a frame cannot be a device's alone; null if it can. */
  public PageTouch.@Nullable Refused notExclusive(long vpn) {
    Reason reason = stays(vpn, pages.get(vpn));
    if (reason == null) {
      return null;
    }
    return new PageTouch.Refused(
        reason == Reason.NOT_ANONYMOUS ? Errno.EINVAL : Errno.EBUSY,
        "page 0x%x cannot be one device's alone: %s".formatted(Pages.address(vpn), reason));
  }

  void forgetHolders(long vpnStart, long vpnEnd) {
    holders.subMap(vpnStart, vpnEnd).clear();
  }
}
