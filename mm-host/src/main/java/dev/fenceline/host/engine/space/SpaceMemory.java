package dev.fenceline.host.engine.space;

import dev.fenceline.host.engine.frame.FrameTable;
import dev.fenceline.model.Access;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import dev.fenceline.model.VirtualRange;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The memory of one address space: its mappings, its page table and the frames in it. Confined to
 * the shard.
 *
 * <p>It knows nothing of devices: whoever changes entries that devices may hold brackets it by
 * {@link #hold} and {@link #apply} or {@link #restore}.
 */
public final class SpaceMemory {
  private final long spaceId;
  private final MappingTree mappings;
  private final PageTable pages = new PageTable();
  private final OperationPlanner planner;
  private final FrameDesk frames;
  private final FrameTable frameTable;

  /** What the frame table calls this space. */
  private final int slot;

  private final Swapper swapper;
  private final ObjectPages objects;
  private final DeviceResidents devices;
  private final MissingPages missing;
  private final AdviceTaker advice;
  private final LargePages large;
  private final PageTouches touches;
  private boolean killed;

  public SpaceMemory(long spaceId, FrameDesk frames) {
    this(spaceId, "space:" + spaceId, new MappingTree(MappingLimits.DEFAULT), frames);
  }

  private SpaceMemory(long spaceId, String group, MappingTree mappings, FrameDesk frames) {
    this.spaceId = spaceId;
    this.frameTable = frames.table();
    this.slot = frameTable.register(spaceId);
    this.swapper = new Swapper(pages, frames, slot);
    this.objects = new ObjectPages(pages, frames, slot, group);
    this.mappings = mappings;
    this.frames = frames;
    this.devices = new DeviceResidents(spaceId, pages, mappings, frames, slot);
    this.missing = new MissingPages(this, frames);
    this.advice = new AdviceTaker(this);
    this.large = new LargePages(pages, mappings, frames, slot);
    this.planner = new OperationPlanner(mappings, devices, large, swapper);
    this.touches = new PageTouches(this, swapper, frames, slot);
  }

  long id() {
    return spaceId;
  }

  public MappingTree mappings() {
    return mappings;
  }

  /** The page table entry of a page. */
  public long entry(long vpn) {
    return pages.get(vpn);
  }

  public PageTable pages() {
    return pages;
  }

  /** What devices have of this space. */
  public DeviceResidents devices() {
    return devices;
  }

  /** Which blocks one translation maps. */
  public LargePages large() {
    return large;
  }

  /** Pages that have a frame. */
  public long residentPages() {
    return PageTable.resident(pages.tally(0, Pages.PAGE_LIMIT));
  }

  /** What the operation would take; changes nothing. */
  public OperationPlan plan(SpaceOperation operation) {
    boolean goesOn =
        operation instanceof SpaceOperation.Internal || operation instanceof SpaceOperation.Destroy;
    return killed && !goesOn
        ? new OperationPlan.Refused(Errno.OOM_KILLED, killedMessage(), null)
        : planner.plan(operation);
  }

  /** What has to be done before the operation can be planned; null if nothing. */
  public SpaceOperation.@Nullable Internal neededFor(SpaceOperation operation) {
    return killed ? null : devices.neededFor(operation);
  }

  /** From now on its memory only goes: nothing but its end is done with it. */
  public void kill() {
    killed = true;
  }

  /** Whether it was killed for want of memory. */
  public boolean killed() {
    return killed;
  }

  /** Why whoever uses it is refused. */
  public String killedMessage() {
    return "address space %d was killed since the host was out of memory; destroy it"
        .formatted(spaceId);
  }

  /** Frames and swap slots that its end would give back at once. */
  public long pagesToGain() {
    return Reaping.gain(pages, frames);
  }

  /** Whether the page stays in its frame as long as it is mapped. */
  public boolean isHugetlb(long vpn) {
    Mapping mapping = mappings.mapping(Pages.address(vpn));
    return mapping != null && mapping.attributes().hugetlb();
  }

  public boolean readable(long vpn) {
    Mapping mapping = mappings.mapping(Pages.address(vpn));
    return mapping != null && mapping.protection().read();
  }

  /**
   * Phase B: entries that a participant may have a translation of become invalidating, of the next
   * generation (INV-2).
   */
  public void hold(long vpnStart, long vpnEnd) {
    pages.forEachNonEmpty(
        vpnStart,
        vpnEnd,
        (vpn, entry) -> {
          if (Pte.isMapped(entry)) {
            pages.set(vpn, Pte.invalidating(entry));
          }
        });
  }

  /** Back-off: what was held is as before, but for the generation. */
  public void restore(long vpnStart, long vpnEnd) {
    pages.forEachNonEmpty(
        vpnStart,
        vpnEnd,
        (vpn, entry) -> {
          if (Pte.isInvalidating(entry)) {
            pages.set(vpn, Pte.restored(entry));
          }
        });
  }

  /** Carries out a resolved operation; what it invalidates is held and drained. */
  public OperationPlan.Application apply(SpaceOperation resolved) {
    return switch (resolved) {
      case SpaceOperation.Advise advise -> advice.apply(advise);
      case SpaceOperation.Invalidate invalidate -> {
        long vpnStart = Pages.number(invalidate.address());
        restore(vpnStart, vpnStart + Pages.number(Pages.roundUp(invalidate.length())));
        yield new OperationPlan.Applied(invalidate.address());
      }
      case SpaceOperation.Pin pin -> throw notOfMemory(pin);
      case SpaceOperation.MigrateToDevice migrate -> throw notOfMemory(migrate);
      case SpaceOperation.MigrateToHost migrate -> throw notOfMemory(migrate);
      case SpaceOperation.MigrateHome home -> throw notOfMemory(home);
      case SpaceOperation.MakeExclusive make -> {
        devices.makeExclusive(make);
        yield new OperationPlan.Applied(0);
      }
      case SpaceOperation.Unpin unpin -> throw notOfMemory(unpin);
      case SpaceOperation.HandleMissing handle -> {
        int flag = MappingAdvice.MISSING_SUPPLIED.flag();
        boolean on = handle.supplied();
        yield advice.keep(handle.address(), handle.length(), on ? 0 : flag, on ? flag : 0);
      }
      case SpaceOperation.Supply supply -> missing.supply(supply);
      case SpaceOperation.AwaitSupply await -> throw notOfMemory(await);
      case SpaceOperation.Sync sync -> {
        VirtualRange range =
            new VirtualRange(sync.address(), sync.address() + Pages.roundUp(sync.length()));
        mappings.piecesIn(range).forEach(objects::writeBack);
        yield new OperationPlan.Applied(sync.address());
      }
      case SpaceOperation.OfMappings change -> applyMapping(change);
      case SpaceOperation.OfSpace other -> throw notOfMemory(other);
      case SpaceOperation.Reclaim cold ->
          new OperationPlan.Applied(swapper.out(cold.vpnStart(), cold.vpnEnd()));
      case SpaceOperation.Reap reap -> {
        long freed = Reaping.frames(pages, reap.vpnStart(), reap.vpnEnd(), frames);
        drop(reap.vpnStart(), reap.vpnEnd());
        yield new OperationPlan.Applied(freed);
      }
      case SpaceOperation.BreakCow copy -> touches.breakCow(copy.vpn());
      case SpaceOperation.RevokeExclusive revoke -> {
        restore(revoke.vpnStart(), revoke.vpnEnd());
        devices.forgetHolders(revoke.vpnStart(), revoke.vpnEnd());
        yield new OperationPlan.Applied(0);
      }
    };
  }

  /** Unmaps everything; the space ends. */
  public void clear() {
    drop(0, Pages.PAGE_LIMIT);
    mappings.mappingsIn(0, Pages.ADDRESS_LIMIT).forEach(objects::unmapped);
    frameTable.forget(slot);
    mappings.apply(new MapOperation.Unmap(new VirtualRange(0, Pages.ADDRESS_LIMIT)));
  }

  /**
   * The memory of a fork; null, and nothing changed, without frames for the copies that it needs.
   * The private writable pages are held and drained (INV-4).
   */
  public @Nullable SpaceMemory forkOrNull(long childId) {
    SpaceMemory child = new SpaceMemory(childId, objects.group(), mappings.fork(), frames);
    if (new Forking(this, child, frames).fork()) {
      large.madeIn(0, Pages.PAGE_LIMIT).forEach(child.large::mayBeLarge);
      return child;
    }
    frameTable.forget(child.slot);
    return null;
  }

  ObjectPages objects() {
    return objects;
  }

  /** Whether a touch of the page has to wait until somebody supplies it. */
  public boolean awaitsSupply(long vpn) {
    return missing.awaited(vpn);
  }

  /** A page that was not there has the frame from now on, under the generation it has. */
  void arrived(long vpn, int frame) {
    frameTable.map(frame, slot, vpn);
    long present = Pte.present(frame, false, Pte.generation(pages.get(vpn)));
    pages.set(vpn, Pte.withDirty(present, true));
  }

  /** The page has the frame from now on. */
  void adopt(long vpn, int frame, boolean writable) {
    frameTable.map(frame, slot, vpn);
    pages.set(vpn, Pte.withDirty(Pte.present(frame, writable, 0), true));
  }

  /** Touches a page as a CPU or a device does: see {@link PageTouches#touch}. */
  public PageTouch touch(long vpn, Access access) {
    return touches.touch(vpn, access);
  }

  /** Touches a page so that a pin finds it: see {@link PageTouches#touchForPin}. */
  public PageTouch touchForPin(long vpn, boolean write, boolean longTerm) {
    return touches.touchForPin(vpn, write, longTerm);
  }

  private OperationPlan.Application applyMapping(SpaceOperation.OfMappings resolved) {
    MapOperation change = OperationPlanner.mapOperation(resolved);
    if (change == null) {
      throw new IllegalStateException("was planned: " + resolved);
    }
    boolean hugetlb = resolved instanceof SpaceOperation.Map map && map.region().hugetlb();
    long largeBytes = hugetlb ? ((SpaceOperation.Map) resolved).length() : 0;
    int[] reserved = large.reserve(Pages.number(largeBytes));
    if (reserved == null) {
      return new OperationPlan.NotApplied(
          Errno.ENOMEM, "not as many pages of 2 MiB are free as the hugetlb mapping needs");
    }
    return switch (mappings.apply(objects.withObject(change))) {
      case MapOutcome.Refused refused -> {
        large.unreserve(reserved);
        yield new OperationPlan.NotApplied(refused.errno(), refused.detail());
      }
      case MapOutcome.Done done -> {
        done.unmapped()
            .forEach(piece -> drop(Pages.number(piece.start()), Pages.number(piece.end())));
        done.altered().forEach(this::settle);
        if (done.moved() != null) {
          move(done.moved());
        }
        objects.changed(resolved, done, mappings.mapping(done.address()));
        large.fill(Pages.number(done.address()), reserved);
        yield new OperationPlan.Applied(done.address());
      }
    };
  }

  /** After a change of protection: entries come back with what the mapping permits now. */
  private void settle(Mapping before) {
    Mapping now = mappings.mapping(before.start());
    boolean writable = now != null && now.protection().write();
    pages.forEachNonEmpty(
        Pages.number(before.start()),
        Pages.number(before.end()),
        (vpn, entry) -> {
          long settled = Pte.isInvalidating(entry) ? Pte.restored(entry) : entry;
          pages.set(vpn, writable ? settled : Pte.withWritable(settled, false));
        });
  }

  private void move(MapOutcome.PageMove move) {
    long from = Pages.number(move.from().start());
    long to = Pages.number(move.toAddress());
    pages.forEachNonEmpty(
        from,
        Pages.number(move.from().end()),
        (vpn, entry) -> {
          long target = vpn - from + to;
          if (Pte.hasFrame(entry)) {
            frameTable.map(Pte.frame(entry), slot, target);
            frameTable.unmap(Pte.frame(entry), slot, vpn);
          } else if (Pte.type(entry) != PteType.SWAP && Pte.frame(entry) > Pte.MAX_FRAME) {
            frames.devicePages().moved(Pte.frame(entry), spaceId, target);
          }
          long moved = Pte.isInvalidating(entry) ? Pte.restored(entry) : entry;
          int generation = Pte.nextGeneration(Pte.generation(pages.get(target)));
          pages.set(target, Pte.withGeneration(moved, generation));
        });
    for (long block : large.madeIn(from, Pages.number(move.from().end()))) {
      large.moved(block - from + to);
    }
    large.dropped(from, Pages.number(move.from().end()));
    pages.clearRange(from, Pages.number(move.from().end()));
  }

  /** Clears entries and gives their frames back: every fence over them has resolved (INV-3). */
  void drop(long vpnStart, long vpnEnd) {
    int[][] freed = {new int[16]};
    int[] count = {0};
    pages.forEachNonEmpty(
        vpnStart,
        vpnEnd,
        (vpn, entry) -> {
          if (Pte.type(entry) == PteType.SWAP) {
            frames.swap().release(Pte.frame(entry));
            return;
          }
          if (Pte.frame(entry) > Pte.MAX_FRAME) {
            frames.freeDevicePage(Pte.frame(entry));
            return;
          }
          if (!Pte.hasFrame(entry)) {
            return;
          }
          if (frameTable.unmap(Pte.frame(entry), slot, vpn) == 0) {
            if (count[0] == freed[0].length) {
              freed[0] = Arrays.copyOf(freed[0], count[0] * 2);
            }
            freed[0][count[0]++] = Pte.frame(entry);
          }
        });
    large.dropped(vpnStart, vpnEnd);
    pages.clearRange(vpnStart, vpnEnd);
    if (count[0] > 0) {
      frames.free(Arrays.copyOf(freed[0], count[0]));
    }
  }

  private static IllegalArgumentException notOfMemory(SpaceOperation operation) {
    return new IllegalArgumentException("not an operation on memory: " + operation);
  }
}
