package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.space.SpaceOperation.PinPurpose;

/**
 * Pages whose frames stay where they are, whatever happens to the mapping (INV-11). Confined to the
 * shard.
 */
public final class Pin {
  private static final long ASK_AGAIN_NANOS = 1_000_000_000;

  private final long id;
  private final long spaceId;
  private final long vpnStart;
  private final int[] frames;
  private final boolean write;
  private final PinPurpose purpose;
  private final long sinceNanos;
  private long unmappedPages;

  /** Until when its owner is not asked to give it up again. */
  private long askedUntilNanos = Long.MIN_VALUE;

  Pin(long id, long spaceId, PinnedPages pages, boolean write, PinPurpose purpose, long nowNanos) {
    this.id = id;
    this.spaceId = spaceId;
    this.vpnStart = pages.vpnStart();
    this.frames = pages.frames();
    this.write = write;
    this.purpose = purpose;
    this.sinceNanos = nowNanos;
  }

  /** What is pinned: a frame for each page from vpnStart on. */
  record PinnedPages(long vpnStart, int[] frames) {}

  public long id() {
    return id;
  }

  public long spaceId() {
    return spaceId;
  }

  public long vpnStart() {
    return vpnStart;
  }

  public long vpnEnd() {
    return vpnStart + frames.length;
  }

  /** The frames, page by page; not to be changed. */
  public int[] frames() {
    return frames;
  }

  public boolean write() {
    return write;
  }

  public PinPurpose purpose() {
    return purpose;
  }

  public long sinceNanos() {
    return sinceNanos;
  }

  /** Pages whose frame no page table entry refers to any more. */
  public long unmappedPages() {
    return unmappedPages;
  }

  /** Whether its owner is to be asked now; at most once a second. */
  boolean askBack(long nowNanos) {
    if (nowNanos < askedUntilNanos) {
      return false;
    }
    askedUntilNanos = nowNanos + ASK_AGAIN_NANOS;
    return true;
  }

  void pageUnmapped() {
    unmappedPages++;
  }
}
