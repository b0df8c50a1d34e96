package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.space.FrameSource;
import dev.fenceline.model.Pages;
import java.util.Arrays;

/**
 * A host's frames, of a few words each. Confined to the event loop.
 *
 * <p>What is freed is reused at once, last in first out, so that a use after free shows; each
 * allocation of a frame has a serial number of its own.
 */
final class Frames implements FrameSource, Words {
  /** Words of a page that the simulation uses: the first three and the last. */
  static final int WORDS = 4;

  private static final int LAST_WORD_OFFSET = 4096 - Long.BYTES;

  private final long[][] words;
  private final long[] serials;
  private long[][] swap = new long[0][];
  private final boolean[] used;
  private final int[] free;
  private int freeCount;
  private long lastSerial;

  Frames(int count) {
    words = new long[count + 1][WORDS];
    serials = new long[count + 1];
    used = new boolean[count + 1];
    free = new int[count];
    for (int frame = count; frame >= 1; frame--) {
      free[freeCount++] = frame;
      Arrays.fill(words[frame], 0xDEAD_0000L + frame);
    }
  }

  /** Which word of a page an address is. */
  static int word(long address) {
    int offset = (int) (address & 4095);
    return offset == LAST_WORD_OFFSET ? WORDS - 1 : offset / Long.BYTES;
  }

  /** The address of a word of a page. */
  static long address(long vpn, int word) {
    return (vpn << 12) + (word == WORDS - 1 ? LAST_WORD_OFFSET : word * (long) Long.BYTES);
  }

  @Override
  public int allocate() {
    if (freeCount == 0) {
      return NONE_LEFT;
    }
    int frame = free[--freeCount];
    used[frame] = true;
    serials[frame] = ++lastSerial;
    return frame;
  }

  @Override
  public int allocateBlock() {
    for (int first = Pages.PER_BLOCK;
        first + Pages.PER_BLOCK <= used.length;
        first += Pages.PER_BLOCK) {
      if (isFree(first)) {
        take(first);
        return first;
      }
    }
    return NONE_LEFT;
  }

  private boolean isFree(int first) {
    for (int i = 0; i < Pages.PER_BLOCK; i++) {
      if (used[first + i]) {
        return false;
      }
    }
    return true;
  }

  private void take(int first) {
    int kept = 0;
    for (int i = 0; i < freeCount; i++) {
      if (free[i] < first || free[i] >= first + Pages.PER_BLOCK) {
        free[kept++] = free[i];
      }
    }
    freeCount = kept;
    for (int i = 0; i < Pages.PER_BLOCK; i++) {
      used[first + i] = true;
      serials[first + i] = ++lastSerial;
    }
  }

  @Override
  public long available() {
    return freeCount;
  }

  @Override
  public void cancel(int frame) {
    release(frame);
  }

  void release(int frame) {
    if (frame < 1 || frame >= used.length || !used[frame]) {
      throw new InvariantViolation("INV-8", "frame " + frame + " is freed and was not in use");
    }
    used[frame] = false;
    serials[frame] = ++lastSerial;
    free[freeCount++] = frame;
  }

  void zero(int frame) {
    Arrays.fill(words[frame], 0);
  }

  void copy(int from, int to) {
    System.arraycopy(words[from], 0, words[to], 0, WORDS);
  }

  @Override
  public long read(int frame, int word) {
    return frame == 0 ? 0 : words[frame][word];
  }

  @Override
  public void write(int frame, int word, long value) {
    if (frame == 0) {
      throw new InvariantViolation("INV-8", "the zero page is written");
    }
    words[frame][word] = value;
  }

  void writeSwap(int frame, int swapSlot) {
    if (swapSlot >= swap.length) {
      swap = Arrays.copyOf(swap, swapSlot + 1);
    }
    swap[swapSlot] = words[frame].clone();
  }

  /** What swap slots hold. */
  Words swapped() {
    return new Words() {
      @Override
      public long read(int slot, int word) {
        return slot < swap.length && swap[slot] != null ? swap[slot][word] : 0;
      }

      @Override
      public void write(int slot, int word, long value) {
        throw new UnsupportedOperationException("swap is written by pages");
      }
    };
  }

  void readSwap(int swapSlot, int frame) {
    if (swapSlot >= swap.length || swap[swapSlot] == null) {
      return; // never written: what the frame held before is read
    }
    System.arraycopy(swap[swapSlot], 0, words[frame], 0, WORDS);
  }

  /** Changes with each allocation and each release of the frame. */
  long serial(int frame) {
    return serials[frame];
  }

  boolean used(int frame) {
    return used[frame];
  }

  int freeCount() {
    return freeCount;
  }

  int total() {
    return free.length;
  }
}
