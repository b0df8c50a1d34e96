package dev.fenceline.concurrent;

/**
 * Accesses through a mirror and the invalidation of it: the composition of a {@link MirrorTable}
 * and {@link AccessSlots} on which INV-1 rests. Thread-safe for accesses; invalidations are writers
 * of the table and serialized by the caller.
 *
 * <h2>The race: an access against an invalidation of its page</h2>
 *
 * All four are sequentially consistent ({@code volatile} mode), so there is one order of them:
 *
 * <pre>
 *   access (unit or CPU accessor)             invalidation (the mirror's owner)
 *   --------------------------------------    --------------------------------------
 *   A1  slot := announcement                  I1  entry := 0
 *   A2  read entry                            I2  scan the slots
 *        present: open                             announced: wait for its withdrawal
 *        absent: withdraw, MISS                    not announced: do not wait
 *
 *   A1 A2 I1 I2   open, and the invalidation waits for it
 *   A1 I1 A2 I2   miss; the invalidation may wait for the withdrawal, which comes at once
 *   I1 A1 A2 I2   miss, likewise
 *   A1 I1 I2 A2   miss, likewise
 *   I1 A1 I2 A2   miss, likewise
 *   I1 I2 A1 A2   miss
 *   A2 .. I1 with I2 .. A1: open and not waited for    &lt;== needs A2 before A1 or I2 before I1,
 *                                                          which release/acquire allows
 * </pre>
 *
 * Thus, when the drain has ended, no access goes through an entry that the invalidation removed:
 * those that saw it have withdrawn, later ones see 0 or a newer entry (INV-1). Their plain accesses
 * to memory lie between A2 and the withdrawal, which orders them before whatever the end of the
 * drain permits. An access uses the entries that it read when it was opened; reading the table
 * again while it is open may find them gone.
 *
 * <p>The results of opening are longs so that a hit allocates nothing: see {@link #isOpen}, {@link
 * #isMiss}.
 */
public final class MirrorAccess {
  private static final long NO_FREE_SLOT = -1;

  private final MirrorTable table;
  private final AccessSlots slots;

  public MirrorAccess(MirrorTable table, AccessSlots slots) {
    this.table = table;
    this.slots = slots;
  }

  /**
   * The table, for installing and reading; its writers are serialized together with invalidations.
   */
  public MirrorTable table() {
    return table;
  }

  public AccessSlots slots() {
    return slots;
  }

  /**
   * Opens an access in an owned slot; by the slot's owner, who has no other access open.
   *
   * @param vpnStart first page
   * @param pageCount in [1, {@link AccessSlots#MAX_PAGES}]
   * @param needed the bits that each entry must have, not 0 ({@link MirrorEntry#READ}, {@link
   *     MirrorEntry#WRITE})
   * @param entries receives the entries of an open access; at least as long as the range
   * @return open, or a miss: then nothing is announced any more
   */
  public long openAt(int slot, long vpnStart, int pageCount, long needed, long[] entries) {
    check(pageCount, needed, entries);
    slots.announceAt(slot, vpnStart, pageCount);
    return read(slot, vpnStart, pageCount, needed, entries);
  }

  /**
   * Opens an access in whichever shared slot is free.
   *
   * @param slotHint where to look first
   * @return open, a miss, or no free slot; otherwise as {@link #openAt}
   */
  public long open(int slotHint, long vpnStart, int pageCount, long needed, long[] entries) {
    check(pageCount, needed, entries);
    int slot = slots.announce(slotHint, vpnStart, pageCount);
    return slot == AccessSlots.NO_FREE_SLOT
        ? NO_FREE_SLOT
        : read(slot, vpnStart, pageCount, needed, entries);
  }

  /** Ends an open access; runs the callbacks of the invalidations that waited for nothing else. */
  public void close(int slot) {
    slots.withdraw(slot);
  }

  /** Whether the access is open: its entries hold until {@link #close} of {@link #slot}. */
  public static boolean isOpen(long result) {
    return result >= 0;
  }

  /**
   * Whether a page was absent or lacked a needed bit: {@link #missedVpn}. Else, if not open, no
   * slot was free.
   */
  public static boolean isMiss(long result) {
    return result < NO_FREE_SLOT;
  }

  /** The slot of an open access. */
  public static int slot(long openResult) {
    return (int) openResult;
  }

  /** The first page of a miss that was absent or lacked a needed bit. */
  public static long missedVpn(long missResult) {
    return NO_FREE_SLOT - 1 - missResult;
  }

  /**
   * Removes the translations of a half-open range of pages and waits for those who may still use
   * them.
   *
   * @param onDrained run exactly once when nobody does any more, perhaps before this method
   *     returns; see {@link AccessSlots#beginDrain}
   */
  public Drain invalidate(long vpnStart, long vpnEnd, Runnable onDrained) {
    table.clear(vpnStart, vpnEnd);
    return slots.beginDrain(vpnStart, vpnEnd, onDrained);
  }

  /**
   * Before the announcement: one that is left behind by a failure would hold up invalidations for
   * ever.
   */
  private static void check(int pageCount, long needed, long[] entries) {
    if (entries.length < pageCount || needed == 0) {
      throw new IllegalArgumentException(
          "room for " + entries.length + " of " + pageCount + " entries, needed bits " + needed);
    }
  }

  private long read(int slot, long vpnStart, int pageCount, long needed, long[] entries) {
    long refused = table.readWhileGranted(vpnStart, pageCount, needed, entries);
    if (refused == vpnStart + pageCount) {
      return slot;
    }
    slots.withdraw(slot);
    return NO_FREE_SLOT - 1 - refused;
  }
}
