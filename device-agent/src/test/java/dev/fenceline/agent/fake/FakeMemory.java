package dev.fenceline.agent.fake;

import dev.fenceline.model.Pages;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.TreeMap;

/** Pages with bytes and generations. Thread-safe: every method locks. */
public final class FakeMemory {
  private static final VarHandle WORD =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final TreeMap<Long, byte[]> pages = new TreeMap<>();
  private final TreeMap<Long, Integer> generations = new TreeMap<>();
  private long mappedEnd = 1L << 30;

  /** What is mapped ends here. */
  public synchronized void setMappedEnd(long address) {
    mappedEnd = address;
  }

  synchronized boolean isMapped(long address) {
    return address < mappedEnd;
  }

  synchronized int generation(long vpn) {
    return generations.getOrDefault(vpn, 1);
  }

  public synchronized void invalidate(long start, long end) {
    for (long vpn = Pages.number(start); vpn < Pages.number(end); vpn++) {
      generations.put(vpn, generation(vpn) + 1);
    }
  }

  /** False if a generation is not current any more. */
  synchronized boolean matches(long address, int[] expected) {
    for (int i = 0; i < expected.length; i++) {
      if (generation(Pages.number(address) + i) != expected[i]) {
        return false;
      }
    }
    return true;
  }

  public synchronized byte[] read(long address, int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = page(address + i)[(int) ((address + i) & 4095)];
    }
    return bytes;
  }

  public synchronized void write(long address, byte[] bytes) {
    for (int i = 0; i < bytes.length; i++) {
      page(address + i)[(int) ((address + i) & 4095)] = bytes[i];
    }
  }

  public synchronized long word(long address) {
    return (long) WORD.get(read(address, Long.BYTES), 0);
  }

  public synchronized void setWord(long address, long value) {
    byte[] bytes = new byte[Long.BYTES];
    WORD.set(bytes, 0, value);
    write(address, bytes);
  }

  synchronized long fetchAdd(long address, long operand) {
    long before = word(address);
    setWord(address, before + operand);
    return before;
  }

  private byte[] page(long address) {
    return pages.computeIfAbsent(Pages.number(address), key -> new byte[Pages.SIZE_BYTES]);
  }
}
