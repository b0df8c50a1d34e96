package dev.fenceline.concurrent;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;

/**
 * The slots in which accesses in flight announce themselves, and the drains that wait for them to
 * end. Thread-safe; an owned slot has one user at a time.
 *
 * <p>Whoever goes through a translation (an execution unit of a device, a CPU accessor) announces
 * its range, reads the entries, does the access and withdraws. Whoever has removed translations
 * begins a {@link Drain} and is called back when the accesses that may still go through the old
 * ones have ended. Neither side ever waits or polls. Announcing and withdrawing allocate nothing
 * and take no lock; the lock is taken by a drain that found somebody, and by a withdrawal from a
 * slot that such a drain waits for.
 *
 * <h2>Access modes</h2>
 *
 * <table>
 * <caption>Who touches what, how, and why</caption>
 * <tr><th>field<th>mode<th>why
 * <tr><td>announcement of an owned slot<td>volatile write by the owner<td>both edges below; acquire/release would let the
 *     write pass the reads that follow it
 * <tr><td>announcement of a shared slot<td>compareAndSet to take it, volatile write to free it<td>the same, and two
 *     accessors must not take one slot
 * <tr><td>announcement, read by its own user<td>opaque<td>nobody else writes it while it is taken
 * <tr><td>announcement, read by a drain<td>volatile<td>both edges below
 * <tr><td>waiters of a slot<td>volatile write under the lock, volatile read by a withdrawal<td>second edge
 * <tr><td>drains, state of a Drain<td>under the lock<td>rare, and a drain must end exactly once
 * </table>
 *
 * <h2>First edge: an access against the removal of its translation</h2>
 *
 * <pre>
 *   access                                    invalidator
 *   --------------------------------------    --------------------------------------
 *   W  slot := announcement     (volatile)
 *                                             W  entry := 0               (volatile)
 *   R  entry                    (volatile)    R  slot                     (volatile)
 *        0: miss, withdraw        &lt;== one of ==&gt;   announced: wait for it
 * </pre>
 *
 * This is Dekker's pattern: each side writes its own word, then reads the other's. In a
 * sequentially consistent order one of the two writes comes first, and the read of the other side
 * sees it. With release writes and acquire reads both reads may come before both writes, also on
 * x86, and the access would go through the old translation after the invalidation has been
 * acknowledged (INV-1).
 *
 * <h2>Second edge: the end of an access against the wait for it</h2>
 *
 * <pre>
 *   access                                    invalidator
 *   --------------------------------------    --------------------------------------
 *                                             R  slot: announced
 *   W  slot := free             (volatile)
 *                                             W  waiters += 1             (volatile)
 *   R  waiters                  (volatile)    R  slot, once more          (volatile)
 *        &gt; 0: end the drain       &lt;== one of ==&gt;   free: it ended meanwhile
 * </pre>
 *
 * If both missed each other the drain would never end. If both notice, the lock decides who ends it
 * (INV-6).
 */
public final class AccessSlots {
  /** What {@link #announce} returns if all shared slots are taken. */
  public static final int NO_FREE_SLOT = -1;

  /** Inclusive bound of the pages of one access. */
  public static final int MAX_PAGES = Announcement.MAX_PAGES;

  /**
   * Two cache lines apart: arrays are not aligned to lines, and processors fetch lines in pairs.
   */
  private static final int STRIDE = 16;

  private static final int WAITERS_OFFSET = 1;

  private static final long[] NONE = {};

  private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

  private final int ownedSlots;
  private final int slots;

  /**
   * Per slot: the announcement, the number of drains that wait for it, padding. One pad in front.
   */
  private final long[] words;

  private final Object lock = new Object();

  /** Those that still wait, oldest first; guarded by the lock. */
  private final List<Drain> drains = new ArrayList<>();

  /**
   * @param ownedSlots slots 0 .. ownedSlots-1, for {@link #announceAt} by their owners
   * @param sharedSlots the slots behind them, for {@link #announce} by anybody
   */
  public AccessSlots(int ownedSlots, int sharedSlots) {
    if (ownedSlots < 0 || sharedSlots < 0) {
      throw new IllegalArgumentException(
          ownedSlots + " owned and " + sharedSlots + " shared slots");
    }
    this.ownedSlots = ownedSlots;
    this.slots = Math.addExact(ownedSlots, sharedSlots);
    this.words = new long[Math.multiplyExact(slots + 1, STRIDE)];
  }

  /** How many slots there are; slots are numbered from 0. */
  public int size() {
    return slots;
  }

  /**
   * Announces an access in the first free shared slot, each being tried once.
   *
   * @param slotHint where to begin; callers that differ in it do not meet (a thread's id will do)
   * @param vpnStart first page
   * @param pageCount in [1, {@link #MAX_PAGES}]
   * @return the slot, to be withdrawn from, or {@link #NO_FREE_SLOT}
   */
  public int announce(int slotHint, long vpnStart, int pageCount) {
    int shared = slots - ownedSlots;
    if (shared == 0) {
      return NO_FREE_SLOT;
    }
    int first = Math.floorMod(slotHint, shared);
    for (int i = 0; i < shared; i++) {
      int probe = first + i;
      int slot = ownedSlots + (probe < shared ? probe : probe - shared);
      long word = (long) WORD.getVolatile(words, word(slot));
      if (Announcement.isFree(word)
          && WORD.compareAndSet(
              words, word(slot), word, Announcement.next(word, vpnStart, pageCount))) {
        return slot;
      }
    }
    return NO_FREE_SLOT;
  }

  /** Announces an access in an owned slot, which must be free; by its owner only. */
  public void announceAt(int slot, long vpnStart, int pageCount) {
    Objects.checkIndex(slot, ownedSlots);
    long word = (long) WORD.getOpaque(words, word(slot));
    if (!Announcement.isFree(word)) {
      throw new IllegalStateException("slot " + slot + " is in use by its owner");
    }
    WORD.setVolatile(words, word(slot), Announcement.next(word, vpnStart, pageCount));
  }

  /**
   * Ends the access that was announced in a slot; by its announcer only. Runs the callbacks of the
   * drains that end with it.
   */
  public void withdraw(int slot) {
    Objects.checkIndex(slot, slots);
    long word = (long) WORD.getOpaque(words, word(slot));
    if (Announcement.isFree(word)) {
      throw new IllegalStateException("slot " + slot + " has no access to withdraw");
    }
    WORD.setVolatile(words, word(slot), Announcement.withdrawn(word));
    if ((long) WORD.getVolatile(words, word(slot) + WAITERS_OFFSET) != 0) {
      run(endedBy(slot));
    }
  }

  /** Whether an access is announced in a slot at this moment. */
  public boolean isAnnounced(int slot) {
    Objects.checkIndex(slot, slots);
    return !Announcement.isFree((long) WORD.getVolatile(words, word(slot)));
  }

  /**
   * Begins to wait for the accesses to a half-open range of pages that are announced now. The
   * caller has removed the translations with volatile writes.
   *
   * @param onDrained run exactly once when they all have ended: by the thread that withdraws the
   *     last one, or by the caller, before this method returns, if there are none. No lock is held;
   *     must not block
   */
  public Drain beginDrain(long vpnStart, long vpnEnd, Runnable onDrained) {
    Objects.checkFromToIndex(vpnStart, vpnEnd, MirrorTable.VPN_LIMIT);
    Drain drain = new Drain(lock, overlapping(vpnStart, vpnEnd), onDrained);
    if (drain.outstanding() == 0 || endsAtOnce(drain)) {
      onDrained.run();
    }
    return drain;
  }

  /** The slots with accesses to a range, each followed by its announcement. */
  private long[] overlapping(long vpnStart, long vpnEnd) {
    long[] found = NONE;
    int count = 0;
    for (int slot = 0; slot < slots; slot++) {
      long word = (long) WORD.getVolatile(words, word(slot));
      if (Announcement.overlaps(word, vpnStart, vpnEnd)) {
        if (found.length == 0) {
          found = new long[2 * (slots - slot)];
        }
        found[count++] = slot;
        found[count++] = word;
      }
    }
    return Arrays.copyOf(found, count);
  }

  private static int word(int slot) {
    return (slot + 1) * STRIDE;
  }

  /** Registers a drain as waiter, then looks once more; true if nothing is left to wait for. */
  private boolean endsAtOnce(Drain drain) {
    synchronized (lock) {
      for (int i = 0; i < drain.outstanding(); i++) {
        addWaiters(drain.slot(i), 1);
      }
      for (int i = drain.outstanding() - 1; i >= 0; i--) {
        endIfOver(drain, i);
      }
      if (drain.outstanding() == 0) {
        return true;
      }
      drains.add(drain);
      return false;
    }
  }

  /** Takes note that the access in a slot is over, and returns the drains that ended by it. */
  private List<Drain> endedBy(int slot) {
    List<Drain> ended = new ArrayList<>();
    synchronized (lock) {
      Iterator<Drain> waiting = drains.iterator();
      while (waiting.hasNext()) {
        Drain drain = waiting.next();
        for (int i = drain.outstanding() - 1; i >= 0; i--) {
          if (drain.slot(i) == slot) {
            endIfOver(drain, i);
          }
        }
        if (drain.outstanding() == 0) {
          waiting.remove();
          ended.add(drain);
        }
      }
    }
    return ended;
  }

  /** Ends the wait for one access if its slot is free or announces another one; under the lock. */
  private void endIfOver(Drain drain, int position) {
    int slot = drain.slot(position);
    if ((long) WORD.getVolatile(words, word(slot)) != drain.announcement(position)) {
      drain.ended(position);
      addWaiters(slot, -1);
    }
  }

  private void addWaiters(int slot, int more) {
    int index = word(slot) + WAITERS_OFFSET;
    WORD.setVolatile(words, index, (long) WORD.getOpaque(words, index) + more);
  }

  /** Runs each callback even if one fails, since each belongs to another invalidation. */
  private static void run(List<Drain> ended) {
    RuntimeException failure = null;
    for (Drain drain : ended) {
      try {
        drain.onDrained().run();
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
