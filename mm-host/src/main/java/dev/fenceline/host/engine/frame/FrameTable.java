package dev.fenceline.host.engine.frame;

import dev.fenceline.model.Pages;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which pages of which address spaces map each frame (Linux: rmap and mapcount). Confined to the
 * shard.
 *
 * <p>A frame that one page maps costs 8 bytes, in chunks of 512 frames that exist once a frame of
 * theirs was mapped: the page as 35 bits, and the space as a slot of 28 bits, given out by {@link
 * #register}. What several pages map is in a list of its own.
 */
public final class FrameTable {
  private static final int CHUNK_BITS = 9;
  private static final int CHUNK = 1 << CHUNK_BITS;
  private static final int VPN_BITS = 35;
  private static final long VPN_MASK = (1L << VPN_BITS) - 1;
  private static final long UNMAPPED = 0;

  /** Stands for a list in {@link #shared}; no slot gives this value. */
  private static final long SHARED = -1;

  /** Receives the pages that map a frame. */
  @FunctionalInterface
  public interface MappingVisitor {
    void mapping(long spaceId, long vpn);
  }

  private long[] @Nullable [] chunks = new long[64] @Nullable [];
  private final FrameLists lists = new FrameLists();
  private final Map<Integer, List<Long>> shared = new LinkedHashMap<>();

  /** Ids of the spaces by slot; slot 0 is nobody's, so that no mapping is 0. */
  private final ArrayList<Long> spaces = new ArrayList<>(List.of(0L));

  private final ArrayDeque<Integer> freeSlots = new ArrayDeque<>();

  /** How lately the frames were used. */
  public FrameLists lists() {
    return lists;
  }

  /** A slot for an address space, which it names in {@link #map} and {@link #unmap}. */
  public int register(long spaceId) {
    Integer slot = freeSlots.pollFirst();
    if (slot != null) {
      spaces.set(slot, spaceId);
      return slot;
    }
    spaces.add(spaceId);
    return spaces.size() - 1;
  }

  /** The space maps nothing any more and has gone. */
  public void forget(int slot) {
    freeSlots.addLast(slot);
  }

  /** The page maps the frame now, besides those that do. */
  public void map(int frame, int slot, long vpn) {
    long[] chunk = chunkOrNew(frame);
    int index = frame & (CHUNK - 1);
    long mapping = pack(slot, vpn);
    if (chunk[index] == UNMAPPED) {
      chunk[index] = mapping;
      lists.add(frame);
      return;
    }
    if (chunk[index] != SHARED) {
      shared.put(frame, new ArrayList<>(List.of(chunk[index])));
      chunk[index] = SHARED;
    }
    list(frame).add(mapping);
  }

  /**
   * The page does not map the frame any more.
   *
   * @return how many pages still do
   * @throws IllegalStateException if it did not
   */
  public int unmap(int frame, int slot, long vpn) {
    long[] chunk = chunkOrNew(frame);
    int index = frame & (CHUNK - 1);
    long mapping = pack(slot, vpn);
    if (chunk[index] == mapping) {
      chunk[index] = UNMAPPED;
      lists.remove(frame);
      return 0;
    }
    if (chunk[index] != SHARED || !list(frame).remove((Long) mapping)) {
      throw new IllegalStateException(
          "INV-8: page 0x%x of space %d does not map frame %d"
              .formatted(vpn, spaces.get(slot), frame));
    }
    List<Long> rest = list(frame);
    if (rest.size() == 1) {
      chunk[index] = rest.get(0);
      shared.remove(frame);
      return 1;
    }
    return rest.size();
  }

  /** How many pages map the frame. */
  public int mapCount(int frame) {
    long[] chunk = chunk(frame);
    long mapping = chunk == null ? UNMAPPED : chunk[frame & (CHUNK - 1)];
    if (mapping == UNMAPPED) {
      return 0;
    }
    return mapping == SHARED ? list(frame).size() : 1;
  }

  /** Visits the pages that map the frame; it may not change the table. */
  public void forEachMapping(int frame, MappingVisitor visitor) {
    long[] chunk = chunk(frame);
    long mapping = chunk == null ? UNMAPPED : chunk[frame & (CHUNK - 1)];
    if (mapping == SHARED) {
      for (Long each : list(frame)) {
        visitor.mapping(spaces.get((int) (each >>> VPN_BITS)), each & VPN_MASK);
      }
    } else if (mapping != UNMAPPED) {
      visitor.mapping(spaces.get((int) (mapping >>> VPN_BITS)), mapping & VPN_MASK);
    }
  }

  private static long pack(int slot, long vpn) {
    if (vpn < 0 || vpn >= Pages.PAGE_LIMIT) {
      throw new IndexOutOfBoundsException("virtual page number " + vpn);
    }
    return (long) slot << VPN_BITS | vpn;
  }

  private List<Long> list(int frame) {
    List<Long> list = shared.get(frame);
    if (list == null) {
      throw new IllegalStateException("frame " + frame + " is marked shared and has no list");
    }
    return list;
  }

  /** The memory that is taken for who maps each frame and how lately it was used. */
  public long bytes() {
    long held = 0;
    for (long[] chunk : chunks) {
      held += chunk == null ? 0 : (long) CHUNK * Long.BYTES;
    }
    return held + (long) chunks.length * Integer.BYTES + lists.bytes();
  }

  private long @Nullable [] chunk(int frame) {
    int chunk = frame >>> CHUNK_BITS;
    return chunk < chunks.length ? chunks[chunk] : null;
  }

  private long[] chunkOrNew(int frame) {
    int number = frame >>> CHUNK_BITS;
    if (number >= chunks.length) {
      chunks = Arrays.copyOf(chunks, Math.max(number + 1, 2 * chunks.length));
    }
    long[] chunk = chunks[number];
    if (chunk == null) {
      chunk = new long[CHUNK];
      chunks[number] = chunk;
    }
    return chunk;
  }
}
