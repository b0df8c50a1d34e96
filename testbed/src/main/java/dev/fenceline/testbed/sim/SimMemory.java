package dev.fenceline.testbed.sim;

import dev.fenceline.agent.engine.memory.PagePool;
import dev.fenceline.model.Pages;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * The memory of one device: the real bookkeeping, and a few words a page. Confined to the event
 * loop. It dies with its agent's process.
 */
final class SimMemory implements Words {
  private static final int BYTES_AT_LAST_WORD = Pages.SIZE_BYTES - Long.BYTES;

  final PagePool pool;
  private final long[][] words;

  SimMemory(int pages) {
    pool = new PagePool(pages);
    words = new long[pages][Frames.WORDS];
    for (int page = 0; page < pages; page++) {
      Arrays.fill(words[page], 0xDEAD_DEAD_0000L + page);
    }
  }

  @Override
  public long read(int page, int word) {
    return words[page][word];
  }

  @Override
  public void write(int page, int word, long value) {
    words[page][word] = value;
  }

  void zero(List<Integer> pages) {
    pages.forEach(page -> Arrays.fill(words[page], 0));
  }

  void fill(int[] pages, byte[] data) {
    copyIn(this, pages, data);
  }

  byte[] contents(int[] pages) {
    return copyOut(this, pages);
  }

  /** Whole pages, as a DMA request of a migration carries them. */
  static byte[] copyOut(Words from, int[] pages) {
    ByteBuffer bytes =
        ByteBuffer.allocate(pages.length * Pages.SIZE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < pages.length; i++) {
      for (int word = 0; word < Frames.WORDS; word++) {
        bytes.putLong(i * Pages.SIZE_BYTES + offset(word), from.read(pages[i], word));
      }
    }
    return bytes.array();
  }

  static void copyIn(Words to, int[] pages, byte[] data) {
    ByteBuffer bytes = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < pages.length; i++) {
      for (int word = 0; word < Frames.WORDS; word++) {
        to.write(pages[i], word, bytes.getLong(i * Pages.SIZE_BYTES + offset(word)));
      }
    }
  }

  private static int offset(int word) {
    return word == Frames.WORDS - 1 ? BYTES_AT_LAST_WORD : word * Long.BYTES;
  }
}
