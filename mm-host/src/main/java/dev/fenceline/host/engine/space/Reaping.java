package dev.fenceline.host.engine.space;

import dev.fenceline.model.Pages;

/** What the end of an address space gives back at once. Stateless. */
final class Reaping {
  private Reaping() {}

  /** Frames and swap slots that no other page names and nobody pinned. */
  static long gain(PageTable pages, FrameDesk frames) {
    long[] count = {frames(pages, 0, Pages.PAGE_LIMIT, frames)};
    pages.forEachNonEmpty(
        0,
        Pages.PAGE_LIMIT,
        (vpn, entry) -> {
          if (Pte.type(entry) == PteType.SWAP && frames.swap().users(Pte.frame(entry)) == 1) {
            count[0]++;
          }
        });
    return count[0];
  }

  /** Frames of the pages that no other page maps and nobody pinned (INV-11). */
  static long frames(PageTable pages, long vpnStart, long vpnEnd, FrameDesk frames) {
    long[] count = {0};
    pages.forEachNonEmpty(
        vpnStart,
        vpnEnd,
        (vpn, entry) -> {
          if (Pte.hasFrame(entry)
              && frames.table().mapCount(Pte.frame(entry)) == 1
              && !frames.pinned(Pte.frame(entry))) {
            count[0]++;
          }
        });
    return count[0];
  }
}
