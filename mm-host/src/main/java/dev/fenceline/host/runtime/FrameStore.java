package dev.fenceline.host.runtime;

import dev.fenceline.concurrent.PageArena;
import dev.fenceline.model.Pages;
import java.lang.foreign.MemorySegment;

/**
 * The frames of a host: one off-heap arena of 4096-byte frames, of which frame 0 is the zero page
 * and never written. Thread-safe as {@link PageArena} is: who may touch a frame, and when, is
 * decided by shards and access slots.
 */
public final class FrameStore {
  private final PageArena arena;

  /**
   * Reserves the arena; its pages cost nothing before they are touched.
   *
   * @param arenaBytes rounded down to whole frames, at least two of them
   */
  public FrameStore(long arenaBytes) {
    long count = arenaBytes / Pages.SIZE_BYTES;
    if (count < 2 || count > FramePool.FRAME_LIMIT) {
      throw new IllegalArgumentException(
          "an arena of "
              + arenaBytes
              + " bytes holds "
              + count
              + " frames; must be 2 to "
              + FramePool.FRAME_LIMIT);
    }
    arena = new PageArena((int) count);
    zero(0, 1);
  }

  /** How many frames there are, with the zero page. */
  public int frames() {
    return arena.pages();
  }

  /** Every byte of so many frames becomes zero. Nobody has a translation of them. */
  public void zero(int first, int count) {
    arena.zero(first, count);
  }

  /** The bytes of a frame, for whole copies from or to elsewhere. */
  MemorySegment page(int frame) {
    return arena.segment(frame);
  }

  /** Copies a whole frame. Nobody has a translation of the target, nobody writes the source. */
  public void copy(int from, int to) {
    arena.copy(from, to);
  }

  /** Copies a whole frame to {@code into}. Nobody writes the frame. */
  void copyOut(int frame, byte[] into, int at) {
    arena.copyOut(frame, into, at);
  }

  /** Fills a whole frame from {@code data}. Nobody has a translation of the frame. */
  void copyIn(int frame, byte[] data, int at) {
    arena.copyIn(writable(frame), data, at);
  }

  /** Copies bytes [offset, offset + length) of the frame to {@code into}. */
  public void read(int frame, int offset, byte[] into, int at, int length) {
    arena.read(frame, offset, into, at, length);
  }

  /** Copies bytes of {@code data} to [offset, offset + length) of the frame. */
  public void write(int frame, int offset, byte[] data, int at, int length) {
    arena.write(writable(frame), offset, data, at, length);
  }

  /** Adds to the little-endian word at a multiple of 8; answers the value before. */
  public long getAndAdd(int frame, int offset, long operand) {
    return arena.getAndAdd(writable(frame), offset, operand);
  }

  /** Stores {@code operand} if the word is {@code expected}; answers the value before. */
  public long compareAndExchange(int frame, int offset, long expected, long operand) {
    return arena.compareAndExchange(writable(frame), offset, expected, operand);
  }

  private static int writable(int frame) {
    if (frame == 0) {
      throw new IllegalArgumentException("frame 0 is the zero page and is never written");
    }
    return frame;
  }
}
