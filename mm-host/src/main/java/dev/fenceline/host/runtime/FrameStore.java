package dev.fenceline.host.runtime;

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

/**
 * The frames of a host: one off-heap arena of 4096-byte frames, of which frame 0 is the zero page
 * and never written. Thread-safe: who may touch a frame, and when, is decided elsewhere (shards,
 * access slots); this class keeps single words whole.
 *
 * <h2>Access modes</h2>
 *
 * <table>
 * <caption>Who touches what, how, and why</caption>
 * <tr><th>what<th>mode<th>why
 * <tr><td>aligned 8-byte words inside a bulk copy<td>opaque<td>a word is read and written whole and coherently (INV-13);
 *     the order between words is nobody's promise. A platform copy may move bytes and tear a word
 * <tr><td>single bytes at the ends of a bulk copy<td>plain<td>they never touch a neighbour
 * <tr><td>atomics<td>volatile<td>the read-modify-write of a word is one step
 * <tr><td>zero, copy of a frame<td>plain<td>no participant has a translation of the target
 * </table>
 *
 * What orders accesses of different threads are the mailbox of the shard and the access slots.
 */
public final class FrameStore {
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle NATIVE_WORD = WORD.varHandle();
  private static final VarHandle HEAP_WORD =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long WORD_MASK = Long.BYTES - 1;

  private final MemorySegment memory;
  private final int frames;

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
    frames = (int) count;
    // Freed once nobody can reach it any more: a late access must never find it gone.
    memory = reserve(count * Pages.SIZE_BYTES, Arena.ofAuto());
    zero(0);
  }

  /** How many frames there are, with the zero page. */
  public int frames() {
    return frames;
  }

  /** Every byte becomes zero. Nobody has a translation of the frame. */
  public void zero(int frame) {
    memory.asSlice(base(frame), Pages.SIZE_BYTES).fill((byte) 0);
  }

  /** Copies a whole frame. Nobody has a translation of the target, nobody writes the source. */
  public void copy(int from, int to) {
    MemorySegment.copy(memory, base(from), memory, base(to), Pages.SIZE_BYTES);
  }

  /** Copies bytes [offset, offset + length) of the frame to {@code into}. */
  public void read(int frame, int offset, byte[] into, int at, int length) {
    long address = base(frame) + offset;
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

  /** Copies bytes of {@code data} to [offset, offset + length) of the frame. */
  public void write(int frame, int offset, byte[] data, int at, int length) {
    long address = writable(frame) + offset;
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
  public long getAndAdd(int frame, int offset, long operand) {
    return (long) NATIVE_WORD.getAndAdd(memory, writable(frame) + offset, operand);
  }

  /** Stores {@code operand} if the word is {@code expected}; answers the value before. */
  public long compareAndExchange(int frame, int offset, long expected, long operand) {
    return (long)
        NATIVE_WORD.compareAndExchange(memory, writable(frame) + offset, expected, operand);
  }

  private static long base(int frame) {
    return (long) frame * Pages.SIZE_BYTES;
  }

  private static long writable(int frame) {
    if (frame == 0) {
      throw new IllegalArgumentException("frame 0 is the zero page and is never written");
    }
    return base(frame);
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
        throw new OutOfMemoryError("no " + bytes + " bytes for the frame arena");
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
