package dev.fenceline.host.engine.space;

import dev.fenceline.host.engine.frame.FrameTable;
import dev.fenceline.model.Access;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;

/**
 * What a touch of a page of an address space finds, brings, or needs done first. Confined to the
 * shard.
 */
final class PageTouches {
  private final SpaceMemory memory;
  private final long spaceId;
  private final MappingTree mappings;
  private final PageTable pages;
  private final ObjectPages objects;
  private final DeviceResidents devices;
  private final Swapper swapper;
  private final FrameDesk frames;
  private final FrameTable frameTable;
  private final int slot;

  /**
   * @param slot what the frame table calls the space
   */
  PageTouches(SpaceMemory memory, Swapper swapper, FrameDesk frames, int slot) {
    this.memory = memory;
    this.spaceId = memory.id();
    this.mappings = memory.mappings();
    this.pages = memory.pages();
    this.objects = memory.objects();
    this.devices = memory.devices();
    this.swapper = swapper;
    this.frames = frames;
    this.frameTable = frames.table();
    this.slot = slot;
  }

  /**
   * Touches a page as a CPU or a device does: brings it if it is not there, and gives it the access
   * if the mapping permits it. The page is not held by an invalidation (INV-2).
   */
  PageTouch touch(long vpn, Access access) {
    Mapping mapping = mappings.mapping(Pages.address(vpn));
    if (mapping == null || !mapping.protection().read()) {
      return new PageTouch.Refused(
          Errno.EFAULT,
          "address 0x%x is %s"
              .formatted(Pages.address(vpn), mapping == null ? "not mapped" : "not readable"));
    }
    boolean write = access.writes();
    if (write && !mapping.protection().write()) {
      return new PageTouch.Refused(
          Errno.EPERM, "address 0x%x is mapped read-only".formatted(Pages.address(vpn)));
    }
    long entry = pages.get(vpn);
    return switch (Pte.type(entry)) {
      case NONE -> touchMissing(vpn, entry, mapping, write);
      case ZERO -> write ? giveFrame(vpn, entry) : new PageTouch.Mapped(entry);
      case PRESENT -> write ? touchForWrite(vpn, entry) : new PageTouch.Mapped(entry);
      case EXCLUSIVE ->
          new PageTouch.Needs(new SpaceOperation.RevokeExclusive(spaceId, vpn, vpn + 1));
      case SWAP -> {
        long present = swapper.in(vpn, entry, write);
        yield present == Swapper.NO_FRAME ? withoutFrame(vpn) : new PageTouch.Mapped(present);
      }
      case DEVICE_PRIVATE -> {
        if (access != Access.EXCLUSIVE && devices.owner(entry).openToCpus()) {
          yield new PageTouch.Mapped(write ? devices.makeWritable(vpn) : entry);
        }
        yield frames.anyLeft() ? devices.touch(vpn, entry) : withoutFrame(vpn);
      }
      case INVALIDATING, MIGRATION ->
          throw new IllegalStateException(
              "INV-2: page " + vpn + " touched while " + Pte.describe(entry));
    };
  }

  private PageTouch touchMissing(long vpn, long entry, Mapping mapping, boolean write) {
    if (MissingPages.supplied(mapping)) {
      return new PageTouch.Needs(new SpaceOperation.AwaitSupply(spaceId, vpn));
    }
    if (mapping.attributes().object() != 0) {
      long brought = objects.bring(vpn, entry, mapping, write);
      if (brought == ObjectPages.NO_FRAME) {
        return withoutFrame(vpn);
      }
      if (brought != ObjectPages.NOT_THERE) {
        return new PageTouch.Mapped(brought);
      }
    }
    return write ? giveFrame(vpn, entry) : new PageTouch.Mapped(store(vpn, zeroed(entry)));
  }

  /** A page that others map too is copied first; the last one of them keeps the frame. */
  private PageTouch touchForWrite(long vpn, long entry) {
    if (!Pte.writable(entry) && sharedWithOthers(vpn, entry)) {
      if (!frames.anyLeft()) {
        return withoutFrame(vpn);
      }
      return new PageTouch.Needs(new SpaceOperation.BreakCow(spaceId, vpn));
    }
    Mapping mapping = mappings.mapping(Pages.address(vpn));
    if (mapping != null && !Pte.writable(entry)) {
      objects.written(vpn, mapping);
    }
    return new PageTouch.Mapped(store(vpn, Pte.withDirty(Pte.withWritable(entry, true), true)));
  }

  /** Whether a write of this space would be seen by pages that must not see it. */
  private boolean sharedWithOthers(long vpn, long entry) {
    Mapping mapping = mappings.mapping(Pages.address(vpn));
    return mapping != null
        && !mapping.attributes().shared()
        && frameTable.mapCount(Pte.frame(entry)) > 1;
  }

  /** The page is held and drained: it gets a copy of its own, unless nobody shares it any more. */
  OperationPlan.Application breakCow(long vpn) {
    long held = pages.get(vpn);
    if (!Pte.isInvalidating(held) || !Pte.hasFrame(held)) {
      return new OperationPlan.Applied(0);
    }
    // Asked again, since another mapping may have come while this waited: one that is shared.
    if (sharedWithOthers(vpn, held)) {
      int copy = frames.allocate();
      if (copy == FrameSource.NONE_LEFT) {
        // Taken by another since the copy was asked for; who asked finds it out itself.
        return new OperationPlan.Applied(0);
      }
      frames.copy(Pte.frame(held), copy);
      frameTable.unmap(Pte.frame(held), slot, vpn);
      frameTable.map(copy, slot, vpn);
      held = Pte.withFrame(held, copy);
    }
    // Whether it may be written is looked up by who asked, again: mprotect may have come between.
    pages.set(vpn, Pte.withDirty(Pte.restored(held), true));
    return new OperationPlan.Applied(0);
  }

  /**
   * Touches a page so that it has a frame of its own, also if it is only read: who writes to it
   * later must not leave the pin with the zero page. A page of a coherent device stays there,
   * unless the pin is for long. It is not held by an invalidation (INV-2).
   */
  PageTouch touchForPin(long vpn, boolean write, boolean longTerm) {
    long there = pages.get(vpn);
    if (longTerm && memory.readable(vpn) && Pte.type(there) == PteType.DEVICE_PRIVATE) {
      return frames.anyLeft() ? devices.touch(vpn, there) : withoutFrame(vpn);
    }
    if (write) {
      return touch(vpn, Access.WRITE);
    }
    PageTouch touch = touch(vpn, Access.READ);
    if (touch instanceof PageTouch.Mapped mapped
        && Pte.isPresent(mapped.entry())
        && sharedWithOthers(vpn, mapped.entry())) {
      if (!frames.anyLeft()) {
        return withoutFrame(vpn);
      }
      // Unshared now: a later copy for a write would leave the pin with the other one's frame.
      return new PageTouch.Needs(new SpaceOperation.BreakCow(spaceId, vpn));
    }
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
      return withoutFrame(vpn);
    }
    frames.zero(frame, 1);
    frameTable.map(frame, slot, vpn);
    long present = Pte.present(frame, true, Pte.generation(entry));
    return new PageTouch.Mapped(store(vpn, Pte.withDirty(present, true)));
  }

  /** Frames of others may become free. */
  private PageTouch withoutFrame(long vpn) {
    return frames.mayComeFree()
        ? new PageTouch.NeedsFrame()
        : new PageTouch.Refused(Errno.RESOURCE_EXHAUSTED, noFrame(vpn));
  }

  private static String noFrame(long vpn) {
    return "no frame left for page 0x%x; unmap or discard memory, or enlarge the frame arena"
        .formatted(Pages.address(vpn));
  }

  private long store(long vpn, long entry) {
    pages.set(vpn, entry);
    return entry;
  }
}
