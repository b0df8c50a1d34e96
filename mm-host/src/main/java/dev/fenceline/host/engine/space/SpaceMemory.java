package dev.fenceline.host.engine.space;

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
  /** Pages that one WILLNEED brings at most; the rest comes by faults. */
  static final long MAX_WILLNEED_PAGES = 1 << 18;

  private final long spaceId;
  private final MappingTree mappings;
  private final PageTable pages = new PageTable();
  private final OperationPlanner planner;
  private final FrameSource frames;
  private final FrameEffects effects;
  private long residentPages;

  public SpaceMemory(long spaceId, FrameSource frames, FrameEffects effects) {
    this(spaceId, new MappingTree(MappingLimits.DEFAULT), frames, effects);
  }

  private SpaceMemory(
      long spaceId, MappingTree mappings, FrameSource frames, FrameEffects effects) {
    this.spaceId = spaceId;
    this.mappings = mappings;
    this.planner = new OperationPlanner(mappings);
    this.frames = frames;
    this.effects = effects;
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

  /** Pages that have a frame. */
  public long residentPages() {
    return residentPages;
  }

  /** What the operation would take; changes nothing. */
  public OperationPlan plan(SpaceOperation operation) {
    return planner.plan(operation);
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
      case SpaceOperation.Advise advise -> {
        long vpnStart = Pages.number(advise.address());
        long vpnEnd = vpnStart + Pages.number(Pages.roundUp(advise.length()));
        switch (advise.advice()) {
          case NORMAL -> {}
          case DONTNEED -> drop(vpnStart, vpnEnd);
          case WILLNEED -> populate(vpnStart, vpnEnd);
        }
        yield new OperationPlan.Applied(advise.address());
      }
      case SpaceOperation.Invalidate invalidate -> {
        long vpnStart = Pages.number(invalidate.address());
        restore(vpnStart, vpnStart + Pages.number(Pages.roundUp(invalidate.length())));
        yield new OperationPlan.Applied(invalidate.address());
      }
      case SpaceOperation.Pin pin -> throw notOfMemory(pin);
      case SpaceOperation.Unpin unpin -> throw notOfMemory(unpin);
      case SpaceOperation.OfMappings change -> applyMapping(change);
      case SpaceOperation.OfSpace other -> throw notOfMemory(other);
      case SpaceOperation.RevokeExclusive revoke -> {
        restore(revoke.vpnStart(), revoke.vpnEnd());
        yield new OperationPlan.Applied(0);
      }
    };
  }

  /** Unmaps everything. */
  public void clear() {
    drop(0, Pages.PAGE_LIMIT);
    mappings.apply(new MapOperation.Unmap(new VirtualRange(0, Pages.ADDRESS_LIMIT)));
  }

  /** The same mappings with a copy of every page; null, and nothing changed, without frames. */
  public @Nullable SpaceMemory copyOrNull(long childId) {
    int[] copies = new int[Math.toIntExact(residentPages)];
    for (int i = 0; i < copies.length; i++) {
      copies[i] = frames.allocate();
      if (copies[i] == FrameSource.NONE_LEFT) {
        for (int j = 0; j < i; j++) {
          frames.cancel(copies[j]);
        }
        return null;
      }
    }
    SpaceMemory child = new SpaceMemory(childId, mappings.fork(), frames, effects);
    int[] used = {0};
    pages.forEachNonEmpty(
        0,
        Pages.PAGE_LIMIT,
        (vpn, entry) -> {
          if (!Pte.hasFrame(entry)) {
            child.pages.set(vpn, Pte.zero(0));
          } else {
            int frame = copies[used[0]++];
            effects.copy(Pte.frame(entry), frame);
            child.pages.set(vpn, Pte.withDirty(Pte.present(frame, Pte.writable(entry), 0), true));
            child.residentPages++;
          }
        });
    return child;
  }

  /**
   * Touches a page as a CPU or a device does: brings it if it is not there, and gives it the access
   * if the mapping permits it. The page is not held by an invalidation (INV-2).
   */
  public PageTouch touch(long vpn, Access access) {
    Mapping mapping = mappings.mapping(Pages.address(vpn));
    if (mapping == null || !mapping.protection().read()) {
      return new PageTouch.Refused(
          Errno.EFAULT,
          "address 0x%x is %s"
              .formatted(Pages.address(vpn), mapping == null ? "not mapped" : "not readable"));
    }
    boolean write = access == Access.WRITE;
    if (write && !mapping.protection().write()) {
      return new PageTouch.Refused(
          Errno.EPERM, "address 0x%x is mapped read-only".formatted(Pages.address(vpn)));
    }
    long entry = pages.get(vpn);
    return switch (Pte.type(entry)) {
      case NONE -> write ? giveFrame(vpn, entry) : new PageTouch.Mapped(store(vpn, zeroed(entry)));
      case ZERO -> write ? giveFrame(vpn, entry) : new PageTouch.Mapped(entry);
      case PRESENT ->
          new PageTouch.Mapped(
              write ? store(vpn, Pte.withDirty(Pte.withWritable(entry, true), true)) : entry);
      case EXCLUSIVE ->
          new PageTouch.Needs(new SpaceOperation.RevokeExclusive(spaceId, vpn, vpn + 1));
      case INVALIDATING, SWAP, DEVICE_PRIVATE, MIGRATION ->
          throw new IllegalStateException(
              "INV-2: page " + vpn + " touched while " + Pte.describe(entry));
    };
  }

  /**
   * Touches a page so that it has a frame of its own, also if it is only read: who writes to it
   * later must not leave the pin with the zero page. It is not held by an invalidation (INV-2).
   */
  public PageTouch touchForPin(long vpn, boolean write) {
    if (write) {
      return touch(vpn, Access.WRITE);
    }
    PageTouch touch = touch(vpn, Access.READ);
    if (!(touch instanceof PageTouch.Mapped mapped) || !Pte.isZero(mapped.entry())) {
      return touch;
    }
    PageTouch given = giveFrame(vpn, mapped.entry());
    return given instanceof PageTouch.Mapped framed
        ? new PageTouch.Mapped(store(vpn, Pte.withWritable(framed.entry(), false)))
        : given;
  }

  private static long zeroed(long none) {
    return Pte.zero(Pte.generation(none));
  }

  /** The first write: the page gets a frame of its own, under the generation it has. */
  private PageTouch giveFrame(long vpn, long entry) {
    int frame = frames.allocate();
    if (frame == FrameSource.NONE_LEFT) {
      return new PageTouch.Refused(
          Errno.RESOURCE_EXHAUSTED,
          "no frame left for page 0x%x; unmap or discard memory, or enlarge the frame arena"
              .formatted(Pages.address(vpn)));
    }
    effects.zero(frame);
    residentPages++;
    long present = Pte.present(frame, true, Pte.generation(entry));
    return new PageTouch.Mapped(store(vpn, Pte.withDirty(present, true)));
  }

  private long store(long vpn, long entry) {
    pages.set(vpn, entry);
    return entry;
  }

  private OperationPlan.Application applyMapping(SpaceOperation.OfMappings resolved) {
    MapOperation change = OperationPlanner.mapOperation(resolved);
    if (change == null) {
      throw new IllegalStateException("was planned: " + resolved);
    }
    return switch (mappings.apply(change)) {
      case MapOutcome.Refused refused ->
          new OperationPlan.NotApplied(refused.errno(), refused.detail());
      case MapOutcome.Done done -> {
        done.unmapped()
            .forEach(piece -> drop(Pages.number(piece.start()), Pages.number(piece.end())));
        done.altered().forEach(this::settle);
        if (done.moved() != null) {
          move(done.moved());
        }
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
          long moved = Pte.isInvalidating(entry) ? Pte.restored(entry) : entry;
          int generation = Pte.nextGeneration(Pte.generation(pages.get(target)));
          pages.set(target, Pte.withGeneration(moved, generation));
        });
    pages.clearRange(from, Pages.number(move.from().end()));
  }

  /** Clears entries and gives their frames back: every fence over them has resolved (INV-3). */
  private void drop(long vpnStart, long vpnEnd) {
    int[][] freed = {new int[16]};
    int[] count = {0};
    pages.forEachNonEmpty(
        vpnStart,
        vpnEnd,
        (vpn, entry) -> {
          if (Pte.hasFrame(entry)) {
            if (count[0] == freed[0].length) {
              freed[0] = Arrays.copyOf(freed[0], count[0] * 2);
            }
            freed[0][count[0]++] = Pte.frame(entry);
          }
        });
    pages.clearRange(vpnStart, vpnEnd);
    if (count[0] > 0) {
      residentPages -= count[0];
      effects.free(Arrays.copyOf(freed[0], count[0]));
    }
  }

  private void populate(long vpnStart, long vpnEnd) {
    long end = Math.min(vpnEnd, vpnStart + MAX_WILLNEED_PAGES);
    for (long vpn = vpnStart; vpn < end; vpn++) {
      if (Pte.isNone(pages.get(vpn)) && readable(vpn)) {
        pages.set(vpn, zeroed(pages.get(vpn)));
      }
    }
  }

  private static IllegalArgumentException notOfMemory(SpaceOperation operation) {
    return new IllegalArgumentException("not an operation on memory: " + operation);
  }
}
