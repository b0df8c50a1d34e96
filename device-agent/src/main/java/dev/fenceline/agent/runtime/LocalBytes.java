package dev.fenceline.agent.runtime;

import dev.fenceline.concurrent.MirrorEntry;
import dev.fenceline.model.Pages;

/**
 * The bytes of an open access that lie in a device's memory. Confined to whoever opened it; good as
 * long as the access is open.
 */
final class LocalBytes {
  private final DeviceMemory memory;
  private final long[] entries;

  /**
   * @param entries of the pages from the access's first one on
   */
  LocalBytes(DeviceMemory memory, long[] entries) {
    this.memory = memory;
    this.entries = entries;
  }

  byte[] read(long address, int length) {
    byte[] bytes = new byte[length];
    for (int page = 0, done = 0, offset = offset(address); done < length; page++, offset = 0) {
      int now = Math.min(length - done, Pages.SIZE_BYTES - offset);
      memory.read(localPage(page), offset, bytes, done, now);
      done += now;
    }
    return bytes;
  }

  void write(long address, byte[] bytes) {
    int length = bytes.length;
    for (int page = 0, done = 0, offset = offset(address); done < length; page++, offset = 0) {
      int now = Math.min(length - done, Pages.SIZE_BYTES - offset);
      memory.write(localPage(page), offset, bytes, done, now);
      done += now;
    }
  }

  /** The access is a whole word. */
  long getAndAdd(long address, long operand) {
    return memory.getAndAdd(localPage(0), offset(address), operand);
  }

  /** The access is a whole word. */
  long compareAndExchange(long address, long expected, long operand) {
    return memory.compareAndExchange(localPage(0), offset(address), expected, operand);
  }

  private int localPage(int index) {
    return LocalTranslation.localPage(MirrorEntry.frame(entries[index]));
  }

  private static int offset(long address) {
    return (int) (address & (Pages.SIZE_BYTES - 1));
  }
}
