package dev.fenceline.host.engine.frame;

import java.util.Arrays;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Which frames were used lately: an inactive list, where frames begin and from whose old end they
 * go, and an active one for those that were touched again there (Linux: two-list LRU with a second
 * chance); and those that are pinned and must stay. Confined to the shard.
 *
 * <p>13 bytes for each frame, in chunks that exist once a frame of theirs was listed.
 */
public final class FrameLists {
  private static final int CHUNK_BITS = 9;
  private static final int CHUNK = 1 << CHUNK_BITS;
  private static final int NOWHERE = 0;
  private static final int INACTIVE = 1;
  private static final int ACTIVE = 2;
  private static final int UNEVICTABLE = 3;
  private static final int LIST_MASK = 3;
  private static final int TOUCHED = 4;

  /** Residencies are kept in units of 2^16 ns, about 66 us, that wrap around after 39 hours. */
  private static final int RESIDENCY_SHIFT = 16;

  /** The longest residency: what seems longer was kept before a wrap, and is over. */
  public static final long LONGEST_RESIDENCY_NANOS = 1_000_000_000;

  /** The other end of a list: frame 0 is the zero page and never listed. */
  private static final int END = 0;

  /** Frames looked at, for each one wanted, before a search gives up for now. */
  private static final int LOOKS_PER_FRAME = 16;

  private static final class Chunk {
    static final long BYTES = CHUNK * (3L * Integer.BYTES + Byte.BYTES);

    final int[] newer = new int[CHUNK];
    final int[] older = new int[CHUNK];
    final byte[] state = new byte[CHUNK];
    final int[] residentUntil = new int[CHUNK];
  }

  private @Nullable Chunk[] chunks = new @Nullable Chunk[64];
  private final int[] newest = new int[UNEVICTABLE + 1];
  private final int[] oldest = new int[UNEVICTABLE + 1];
  private final int[] counts = new int[UNEVICTABLE + 1];

  /** Frames on the inactive list. */
  public int inactive() {
    return counts[INACTIVE];
  }

  /** Frames on the active list. */
  public int active() {
    return counts[ACTIVE];
  }

  /** Frames that are mapped and pinned: no search meets them. */
  public int unevictable() {
    return counts[UNEVICTABLE];
  }

  /** The frame must stay until {@link #release}. */
  public void hold(int frame) {
    move(frame, UNEVICTABLE);
  }

  /** The frame may go again, if it is still listed: as the newest inactive one. */
  public void release(int frame) {
    move(frame, INACTIVE);
  }

  private void move(int frame, int list) {
    if ((chunk(frame).state[frame & (CHUNK - 1)] & LIST_MASK) != NOWHERE) {
      unlink(frame);
      pushNewest(frame, list);
    }
  }

  /** A page maps the frame for the first time: it begins as the newest inactive one. */
  void add(int frame) {
    pushNewest(frame, INACTIVE);
  }

  /** No page maps the frame any more. */
  void remove(int frame) {
    unlink(frame);
    chunk(frame).state[frame & (CHUNK - 1)] = NOWHERE;
  }

  /** The CPU or a device used the frame. */
  public void touched(int frame) {
    Chunk chunk = chunk(frame);
    int index = frame & (CHUNK - 1);
    if (chunk.state[index] != NOWHERE) {
      chunk.state[index] |= TOUCHED;
    }
  }

  /** Whoever was just given the frame can count on it for so long, if anybody else can wait. */
  public void keep(int frame, long nowNanos, long residencyNanos) {
    if (isResident(frame, nowNanos + residencyNanos)) {
      return;
    }
    long nanos = Math.min(residencyNanos, LONGEST_RESIDENCY_NANOS);
    chunk(frame).residentUntil[frame & (CHUNK - 1)] = units(nowNanos + nanos);
  }

  /** Whether it is within a residency. */
  public boolean isResident(int frame, long nowNanos) {
    int left = chunk(frame).residentUntil[frame & (CHUNK - 1)] - units(nowNanos);
    return left > 0 && left <= units(LONGEST_RESIDENCY_NANOS);
  }

  private static int units(long nanos) {
    return (int) (nanos >> RESIDENCY_SHIFT);
  }

  /**
   * The frames that were not touched for the longest time, among those that may go. They stay
   * listed, as the newest inactive ones, so that the next search passes over them.
   *
   * @param most how many at most
   * @param mayGo false for frames that must stay whatever their age
   */
  public int[] coldest(int most, IntPredicate mayGo) {
    int[] found = new int[most];
    int count = 0;
    // Twice around: once to take the marks of use away, once to find who got none since.
    long looks = Math.min((long) most * LOOKS_PER_FRAME, 2L * (inactive() + active()));
    while (count < most && looks-- > 0) {
      if (counts[INACTIVE] <= counts[ACTIVE]) {
        age();
      }
      int frame = oldest[INACTIVE];
      if (frame == END) {
        break;
      }
      unlink(frame);
      if (takeMark(frame)) {
        pushNewest(frame, ACTIVE);
      } else {
        pushNewest(frame, INACTIVE);
        if (mayGo.test(frame) && !contains(found, count, frame)) {
          found[count++] = frame;
        }
      }
    }
    return Arrays.copyOf(found, count);
  }

  private static boolean contains(int[] found, int count, int frame) {
    for (int i = 0; i < count; i++) {
      if (found[i] == frame) {
        return true;
      }
    }
    return false;
  }

  /** The oldest active frame gets a last chance on the inactive list. */
  private void age() {
    int frame = oldest[ACTIVE];
    if (frame != END) {
      unlink(frame);
      takeMark(frame);
      pushNewest(frame, INACTIVE);
    }
  }

  private boolean takeMark(int frame) {
    Chunk chunk = chunk(frame);
    int index = frame & (CHUNK - 1);
    boolean touched = (chunk.state[index] & TOUCHED) != 0;
    chunk.state[index] &= ~TOUCHED;
    return touched;
  }

  private void pushNewest(int frame, int list) {
    Chunk chunk = chunk(frame);
    int index = frame & (CHUNK - 1);
    chunk.state[index] = (byte) ((chunk.state[index] & TOUCHED) | list);
    chunk.newer[index] = END;
    chunk.older[index] = newest[list];
    if (newest[list] != END) {
      chunk(newest[list]).newer[newest[list] & (CHUNK - 1)] = frame;
    } else {
      oldest[list] = frame;
    }
    newest[list] = frame;
    counts[list]++;
  }

  private void unlink(int frame) {
    Chunk chunk = chunk(frame);
    int index = frame & (CHUNK - 1);
    int list = chunk.state[index] & LIST_MASK;
    if (list == NOWHERE) {
      throw new IllegalStateException("frame " + frame + " is on no list");
    }
    int newer = chunk.newer[index];
    int older = chunk.older[index];
    if (newer == END) {
      newest[list] = older;
    } else {
      chunk(newer).older[newer & (CHUNK - 1)] = older;
    }
    if (older == END) {
      oldest[list] = newer;
    } else {
      chunk(older).newer[older & (CHUNK - 1)] = newer;
    }
    counts[list]--;
  }

  /** The memory that the records of all frames take. */
  long bytes() {
    long held = 0;
    for (Chunk chunk : chunks) {
      held += chunk == null ? 0 : Chunk.BYTES;
    }
    return held + (long) chunks.length * Integer.BYTES;
  }

  private Chunk chunk(int frame) {
    int number = frame >>> CHUNK_BITS;
    if (number >= chunks.length) {
      chunks = Arrays.copyOf(chunks, Math.max(number + 1, 2 * chunks.length));
    }
    Chunk chunk = chunks[number];
    if (chunk == null) {
      chunk = new Chunk();
      chunks[number] = chunk;
    }
    return chunk;
  }
}
