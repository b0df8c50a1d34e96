package dev.fenceline.concurrent;

/**
 * The layout of a {@link MirrorTable} entry whose user needs a translation, a permission and a
 * generation: one long, 0 if absent. Stateless.
 *
 * <pre>
 *   63 61   60         59            32 31                2    1        0
 *  +-----+-----------+----------------+-------------------+----------+---------+
 *  | 0   | exclusive | frame (28 bits)| generation (30)   | writable | present |
 *  +-----+-----------+----------------+-------------------+----------+---------+
 * </pre>
 *
 * A device's mirror never learns a frame number (it asks the host by generation), and uses the
 * field for its own copy of the page, if any.
 */
public final class MirrorEntry {
  /** What a reader of memory needs. */
  public static final long READ = 1L;

  /** What a writer of memory needs. */
  public static final long WRITE = 3L;

  /** What a writer needs whom nobody else may disturb. */
  public static final long EXCLUSIVE = (1L << 60) | WRITE;

  /** Exclusive bound of generations. */
  public static final int GENERATION_LIMIT = 1 << 30;

  /** Exclusive bound of frames. */
  public static final int FRAME_LIMIT = 1 << 28;

  private static final int GENERATION_SHIFT = 2;
  private static final int FRAME_SHIFT = 32;

  private MirrorEntry() {}

  /**
   * Packs a present entry.
   *
   * @param frame in [0, {@link #FRAME_LIMIT})
   * @param generation in [0, {@link #GENERATION_LIMIT})
   */
  public static long pack(int frame, int generation, boolean writable) {
    if (frame < 0 || frame >= FRAME_LIMIT) {
      throw new IllegalArgumentException("frame " + frame + " is not in [0, 2^28)");
    }
    if (generation < 0 || generation >= GENERATION_LIMIT) {
      throw new IllegalArgumentException("generation " + generation + " is not in [0, 2^30)");
    }
    return ((long) frame << FRAME_SHIFT)
        | ((long) generation << GENERATION_SHIFT)
        | (writable ? WRITE : READ);
  }

  /** The same entry, known to be nobody else's until it is invalidated. */
  public static long exclusive(long entry) {
    return entry | EXCLUSIVE;
  }

  /**
   * Whether the entry grants all of what is needed, {@link #READ}, {@link #WRITE} or {@link
   * #EXCLUSIVE}.
   */
  public static boolean grants(long entry, long needed) {
    return (entry & needed) == needed;
  }

  public static boolean isPresent(long entry) {
    return grants(entry, READ);
  }

  public static boolean isWritable(long entry) {
    return grants(entry, WRITE);
  }

  public static int generation(long entry) {
    return (int) (entry >>> GENERATION_SHIFT) & (GENERATION_LIMIT - 1);
  }

  public static int frame(long entry) {
    return (int) (entry >>> FRAME_SHIFT) & (FRAME_LIMIT - 1);
  }
}
