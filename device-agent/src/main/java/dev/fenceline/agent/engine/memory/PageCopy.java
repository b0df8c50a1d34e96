package dev.fenceline.agent.engine.memory;

import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Peer;
import org.jspecify.annotations.Nullable;

/**
 * Consecutive pages whose bytes have to move between a device's memory and the host; immutable by
 * convention (the arrays are not copied).
 *
 * @param migrationId every DMA request carries it
 * @param fromHost whether the local pages are filled; else they are emptied
 * @param vpn first page
 * @param generations of each page, in order
 * @param localPages of each page, in order
 * @param peer the device whose memory they are read from; null: the host's
 */
public record PageCopy(
    long migrationId,
    boolean fromHost,
    long spaceId,
    int deviceIndex,
    long vpn,
    int[] generations,
    int[] localPages,
    @Nullable Peer peer) {
  /** As many pages as one DMA request carries. */
  public static final int MAX_PAGES = DmaRequest.MAX_LENGTH_BYTES / Pages.SIZE_BYTES;

  public int pageCount() {
    return localPages.length;
  }
}
