package dev.fenceline.host.engine.space;

import dev.fenceline.host.engine.frame.SwapSlots;
import dev.fenceline.model.InvalidationKind;

/** Moves pages of one address space between frames and swap slots. Confined to the shard. */
final class Swapper {
  /** What {@link #in} answers when no frame is left; no entry is this. */
  static final long NO_FRAME = -1;

  private final PageTable pages;
  private final FrameDesk frames;
  private final int slot;

  /**
   * @param slot what the frame table calls the space
   */
  Swapper(PageTable pages, FrameDesk frames, int slot) {
    this.pages = pages;
    this.frames = frames;
    this.slot = slot;
  }

  /** The page comes back into a frame that it shares with nobody; its entry, or NO_FRAME. */
  long in(long vpn, long entry, boolean write) {
    int frame = frames.allocate();
    if (frame == FrameSource.NONE_LEFT) {
      return NO_FRAME;
    }
    frames.readSwap(Pte.frame(entry), frame);
    frames.swap().release(Pte.frame(entry));
    frames.table().map(frame, slot, vpn);
    long present = Pte.withDirty(Pte.present(frame, write, Pte.generation(entry)), true);
    pages.set(vpn, present);
    return present;
  }

  /** What was pinned since it was found cold stays, and nobody hears of it (INV-11). */
  OperationPlan plan(SpaceOperation.Reclaim reclaim) {
    long start = reclaim.vpnStart();
    while (start < reclaim.vpnEnd() && isSpared(start)) {
      start++;
    }
    long end = start;
    while (end < reclaim.vpnEnd() && !isSpared(end)) {
      end++;
    }
    return MigrationPlans.ready(
        new SpaceOperation.Reclaim(reclaim.spaceId(), start, end),
        start,
        end,
        InvalidationKind.CLEAR);
  }

  private boolean isSpared(long vpn) {
    long entry = pages.get(vpn);
    return Pte.hasFrame(entry) && frames.spared(Pte.frame(entry));
  }

  /**
   * Swaps out what is held and drained. What was pinned meanwhile stays (INV-11), and what finds no
   * slot. A frame that others map too (a fork does) is written for each of them, and becomes free
   * with the last.
   *
   * @return how many frames became free
   */
  long out(long vpnStart, long vpnEnd) {
    long[] freed = {0};
    pages.forEachNonEmpty(
        vpnStart,
        vpnEnd,
        (vpn, entry) -> {
          if (Pte.isInvalidating(entry) && Pte.hasFrame(entry) && swapOut(vpn, entry)) {
            freed[0]++;
          }
        });
    return freed[0];
  }

  /** The page can come back from its object, which gives the frame up when nobody else has it. */
  private boolean leaveToObject(long vpn, long held) {
    int frame = Pte.frame(held);
    frames.table().unmap(frame, slot, vpn);
    pages.set(vpn, Pte.none(Pte.generation(held)));
    return ObjectEviction.evict(frames, frame);
  }

  private boolean swapOut(long vpn, long held) {
    int frame = Pte.frame(held);
    if (frames.pinned(frame)) {
      return false;
    }
    if (frames.table().mapCount(frame) > 1 && ObjectEviction.ofObject(frames, frame)) {
      return leaveToObject(vpn, held);
    }
    int swapSlot = frames.swap().take();
    if (swapSlot == SwapSlots.NONE_LEFT) {
      return false;
    }
    frames.writeSwap(frame, swapSlot);
    pages.set(vpn, Pte.swapped(swapSlot, Pte.generation(held)));
    if (frames.table().unmap(frame, slot, vpn) > 0) {
      return false;
    }
    frames.free(new int[] {frame});
    return true;
  }
}
