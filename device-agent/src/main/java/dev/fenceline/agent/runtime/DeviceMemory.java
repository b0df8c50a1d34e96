package dev.fenceline.agent.runtime;

import dev.fenceline.agent.engine.memory.PagePool;
import dev.fenceline.concurrent.PageArena;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The memory of one device: its bytes, and whose each page is. Thread-safe. Shared by the links of
 * the agent, each of which is a keeper of pages; the lock is a leaf, held for bookkeeping only.
 *
 * <p>Bytes are touched under an announced access whose entry names the page, or by the migration
 * that fills or empties it before an entry names it and after the last access has drained.
 */
public final class DeviceMemory {
  /** Errors to be had on order, for tests; immutable. Zeroes are none. */
  public record Injection(int failNthAllocation, boolean failAllAllocations, long copyDelayNanos) {
    static final Injection NONE = new Injection(0, false, 0);
  }

  private static final int WORD_BITS = 5;

  /** At least an eighth of the memory is emptied at a time. */
  private static final int ROOM_SHARE = 8;

  private final @Nullable PageArena arena;

  /** A bit per page, set by accesses, forgotten by whoever looks for victims. Opaque is enough. */
  private final AtomicIntegerArray accessed;

  private final PagePool pages;
  private final Object lock = new Object();

  /** Guarded by the lock. */
  private boolean closed;

  private int allocationsToFailure;
  private long allocations;
  private long failures;
  private long victims;
  private volatile Injection injection = Injection.NONE;

  DeviceMemory(int pageCount) {
    arena = pageCount == 0 ? null : new PageArena(pageCount);
    pages = new PagePool(pageCount);
    accessed = new AtomicIntegerArray((pageCount >>> WORD_BITS) + 1);
  }

  public int pages() {
    return pages.pages();
  }

  public int count(PagePool.State state) {
    synchronized (lock) {
      return pages.count(state);
    }
  }

  /** Pages that hold something or are about to. */
  public int held() {
    synchronized (lock) {
      return pages.pages() - pages.count(PagePool.State.UNUSED);
    }
  }

  public long allocations() {
    synchronized (lock) {
      return allocations;
    }
  }

  /** Allocations that failed, the memory being full, closed, or told to fail. */
  public long failures() {
    synchronized (lock) {
      return failures;
    }
  }

  /** Pages that were picked to go. */
  public long victims() {
    synchronized (lock) {
      return victims;
    }
  }

  Injection injection() {
    return injection;
  }

  public void inject(Injection wanted) {
    synchronized (lock) {
      allocationsToFailure = wanted.failNthAllocation();
      injection = wanted;
    }
  }

  /** Nothing is allocated any more; what is held stays until it is brought home (pitfall 30). */
  void close() {
    synchronized (lock) {
      closed = true;
    }
  }

  /** False if it was open. */
  boolean open() {
    synchronized (lock) {
      boolean opened = closed;
      closed = false;
      return opened;
    }
  }

  boolean takesPages() {
    synchronized (lock) {
      return !closed && pages.pages() > 0;
    }
  }

  /** A page to be filled, or {@link PagePool#NONE}. */
  int allocate(int keeper) {
    return allocate(() -> pages.allocate(keeper));
  }

  /** A large page to be filled, or {@link PagePool#NONE}. */
  int allocateBlock(int keeper) {
    return allocate(() -> pages.allocateBlock(keeper));
  }

  private int allocate(IntSupplier allocation) {
    synchronized (lock) {
      boolean told = injection.failAllAllocations() || --allocationsToFailure == 0;
      int page = told || closed ? PagePool.NONE : allocation.getAsInt();
      if (page == PagePool.NONE) {
        failures++;
      } else {
        allocations++;
      }
      return page;
    }
  }

  void use(int page) {
    synchronized (lock) {
      pages.use(page);
    }
  }

  void discard(int page) {
    synchronized (lock) {
      pages.discard(page);
    }
  }

  void free(int page) {
    synchronized (lock) {
      pages.free(page);
    }
  }

  /** Picks pages to go, by keeper, so that so many are unused once they are gone. */
  TreeMap<Integer, List<Integer>> pickVictims(int wanted) {
    synchronized (lock) {
      int count = Math.max(wanted, pages.pages() / ROOM_SHARE);
      int coming = pages.count(PagePool.State.UNUSED) + pages.count(PagePool.State.LEAVING);
      return byKeeper(pages.victims(Math.max(0, count - coming), this::accessedSince));
    }
  }

  /** Picks one page to go, on order; empty if it holds nothing that could go. */
  TreeMap<Integer, List<Integer>> pick(int page) {
    synchronized (lock) {
      boolean goes = 0 <= page && page < pages.pages() && pages.pick(page);
      return byKeeper(goes ? List.of(page) : List.of());
    }
  }

  private TreeMap<Integer, List<Integer>> byKeeper(List<Integer> picked) {
    victims += picked.size();
    TreeMap<Integer, List<Integer>> found = new TreeMap<>();
    for (int page : picked) {
      found.computeIfAbsent(pages.keeper(page), key -> new ArrayList<>()).add(page);
    }
    return found;
  }

  // ---- the bytes

  void read(int page, int offset, byte[] into, int at, int length) {
    touch(page);
    bytes().read(page, offset, into, at, length);
  }

  void write(int page, int offset, byte[] data, int at, int length) {
    touch(page);
    bytes().write(page, offset, data, at, length);
  }

  long getAndAdd(int page, int offset, long operand) {
    touch(page);
    return bytes().getAndAdd(page, offset, operand);
  }

  long compareAndExchange(int page, int offset, long expected, long operand) {
    touch(page);
    return bytes().compareAndExchange(page, offset, expected, operand);
  }

  /** Fills pages that no entry names yet. */
  void fill(int[] local, byte[] data) {
    for (int i = 0; i < local.length; i++) {
      bytes().copyIn(local[i], data, i * Pages.SIZE_BYTES);
    }
  }

  void zero(List<Integer> local) {
    for (int page : local) {
      bytes().zero(page, 1);
    }
  }

  /** What pages hold that no entry names any more. */
  byte[] contents(int[] local) {
    byte[] data = new byte[local.length * Pages.SIZE_BYTES];
    for (int i = 0; i < local.length; i++) {
      bytes().copyOut(local[i], data, i * Pages.SIZE_BYTES);
    }
    return data;
  }

  private PageArena bytes() {
    if (arena == null) {
      throw new IllegalStateException("the device has no memory");
    }
    return arena;
  }

  private void touch(int page) {
    int word = page >>> WORD_BITS;
    int bit = 1 << page;
    int seen = accessed.getOpaque(word);
    if ((seen & bit) == 0) {
      accessed.getAndUpdate(word, bits -> bits | bit);
    }
  }

  private boolean accessedSince(int page) {
    int bit = 1 << page;
    return (accessed.getAndUpdate(page >>> WORD_BITS, bits -> bits & ~bit) & bit) != 0;
  }

  @Override
  public String toString() {
    synchronized (lock) {
      int[] counts = Arrays.stream(PagePool.State.values()).mapToInt(pages::count).toArray();
      return "device memory " + Arrays.toString(counts);
    }
  }
}
