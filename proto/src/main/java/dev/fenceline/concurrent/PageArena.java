package dev.fenceline.concurrent;

import dev.fenceline.model.Pages;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * Off-heap memory in pages of 4096 bytes: a host's frames, or the memory of a device. Thread-safe:
 * who may touch a page, and when, is decided elsewhere (shards, access slots); this class keeps
 * single words whole.
 *
 * <h2>Access modes</h2>
 *
 * <table>
 * <caption>Who touches what, how, and why</caption>
 * <tr><th>what<th>mode<th>why
 * <tr><td>aligned 8-byte words inside a bulk copy<td>opaque<td>a word is read and written whole and coherently (INV-13);
 *     the order between words is nobody's promise. A platform copy may move bytes and tear a word. What makes a word
 *     visible before its access is answered is the volatile write by which the access withdraws
 * <tr><td>single bytes at the ends of a bulk copy<td>plain<td>they never touch a neighbour
 * <tr><td>atomics<td>volatile<td>the read-modify-write of a word is one step
 * <tr><td>zero, copy of a whole page<td>plain<td>no participant has a translation of the target
 * </table>
 *
 * What orders accesses of different threads are mailboxes and access slots.
 */
public final class PageArena {
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle NATIVE_WORD = WORD.varHandle();
  private static final VarHandle HEAP_WORD =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long WORD_MASK = Long.BYTES - 1;

  private final MemorySegment memory;
  private final int pages;

  /** Reserves the memory; its pages cost nothing before they are touched. */
  public PageArena(int pages) {
    if (pages < 1) {
      throw new IllegalArgumentException("an arena of " + pages + " pages");
    }
    this.pages = pages;
    // Freed once nobody can reach it any more: a late access must never find it gone.
    memory = reserve((long) pages * Pages.SIZE_BYTES, Arena.ofAuto());
  }

  /** How many pages there are, numbered from 0. */
  public int pages() {
    return pages;
  }

  /** Every byte of so many pages becomes zero. Nobody has a translation of them. */
  public void zero(int first, int count) {
    Objects.checkFromIndexSize(first, count, pages);
    memory.asSlice(base(first), (long) count * Pages.SIZE_BYTES).fill((byte) 0);
  }

  /** The bytes of a page, for whole copies from or to elsewhere while nobody has a translation. */
  public MemorySegment segment(int page) {
    return memory.asSlice(base(page), Pages.SIZE_BYTES);
  }

  /** Copies a whole page. Nobody has a translation of the target, nobody writes the source. */
  public void copy(int from, int to) {
    MemorySegment.copy(memory, base(from), memory, base(to), Pages.SIZE_BYTES);
  }

  /** Copies a whole page to {@code into}. Nobody writes the page. */
  public void copyOut(int page, byte[] into, int at) {
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, base(page), into, at, Pages.SIZE_BYTES);
  }

  /** Fills a whole page from {@code data}. Nobody has a translation of the page. */
  public void copyIn(int page, byte[] data, int at) {
    MemorySegment.copy(data, at, memory, ValueLayout.JAVA_BYTE, base(page), Pages.SIZE_BYTES);
  }

  /** Copies bytes [offset, offset + length) of the page to {@code into}. */
  public void read(int page, int offset, byte[] into, int at, int length) {
    long address = base(page) + offset;
    int done = 0;
    while (done < length) {
      long from = address + done;
      if ((from & WORD_MASK) == 0 && length - done >= Long.BYTES) {
        HEAP_WORD.set(into, at + done, (long) NATIVE_WORD.getOpaque(memory, from));
        done += Long.BYTES;
      } else {
        into[at + done] = memory.get(ValueLayout.JAVA_BYTE, from);
        done++;
      }
    }
  }

  /** Copies bytes of {@code data} to [offset, offset + length) of the page. */
  public void write(int page, int offset, byte[] data, int at, int length) {
    long address = base(page) + offset;
    int done = 0;
    while (done < length) {
      long to = address + done;
      if ((to & WORD_MASK) == 0 && length - done >= Long.BYTES) {
        NATIVE_WORD.setOpaque(memory, to, (long) HEAP_WORD.get(data, at + done));
        done += Long.BYTES;
      } else {
        memory.set(ValueLayout.JAVA_BYTE, to, data[at + done]);
        done++;
      }
    }
  }

  /** Adds to the little-endian word at a multiple of 8; answers the value before. */
  public long getAndAdd(int page, int offset, long operand) {
    return (long) NATIVE_WORD.getAndAdd(memory, base(page) + offset, operand);
  }

  /** Stores {@code operand} if the word is {@code expected}; answers the value before. */
  public long compareAndExchange(int page, int offset, long expected, long operand) {
    return (long) NATIVE_WORD.compareAndExchange(memory, base(page) + offset, expected, operand);
  }

  private long base(int page) {
    return (long) Objects.checkIndex(page, pages) * Pages.SIZE_BYTES;
  }

  /** From the C library: an arena's own allocation would touch, and so commit, every page. */
  private static MemorySegment reserve(long bytes, Arena arena) {
    Linker linker = Linker.nativeLinker();
    MethodHandle alignedAlloc =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("aligned_alloc"),
            FunctionDescriptor.of(
                ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
    MethodHandle free =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("free"),
            FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));
    try {
      MemorySegment raw = (MemorySegment) alignedAlloc.invokeExact((long) Pages.SIZE_BYTES, bytes);
      if (raw.address() == 0) {
        throw new OutOfMemoryError("no " + bytes + " bytes for an arena of pages");
      }
      return raw.reinterpret(bytes, arena, segment -> release(free, segment));
    } catch (Error | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("aligned_alloc failed", e);
    }
  }

  private static void release(MethodHandle free, MemorySegment segment) {
    try {
      free.invokeExact(segment);
    } catch (Throwable e) {
      throw new IllegalStateException("free failed", e);
    }
  }
}
