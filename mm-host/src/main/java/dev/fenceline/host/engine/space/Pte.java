package dev.fenceline.host.engine.space;

/**
 * The layout of a page table entry in one long, as pure functions. Stateless.
 *
 * <pre>
 *   bit  0..2   type, the ordinal of {@link PteType}
 *   bit  3      writable
 *   bit  4      dirty
 *   bit  5      accessed
 *   bit  6..33  page frame number (28 bits): 0 is the zero page, up to 2^27 - 1 a frame of the
 *               host, above it a device page; or the number of a swap slot
 *   bit 34..63  generation (30 bits)
 * </pre>
 *
 * <p>The long 0 is an entry of type NONE with generation 0. An INVALIDATING entry keeps the page
 * frame number and the flags of the entry that it replaced; the number also tells whether the page
 * was in a frame, the zero page or on a device. Generations wrap, so they are compared by equality
 * only.
 */
public final class Pte {
  /** The frame number that stands for the zero page; no frame of the store has it. */
  public static final int ZERO_PAGE_FRAME = 0;

  /** The highest number of a frame of the host. */
  public static final int MAX_FRAME = (1 << 27) - 1;

  /** The page frame number of the first device page (Linux: ZONE_DEVICE). */
  public static final int FIRST_DEVICE_PAGE = MAX_FRAME + 1;

  /** The highest page frame number, and the highest swap slot. */
  public static final int MAX_NUMBER = (1 << 28) - 1;

  /** The highest generation; the one after it is 0. */
  public static final int MAX_GENERATION = (1 << 30) - 1;

  private static final long TYPE_MASK = 0b111;
  private static final long WRITABLE = 1L << 3;
  private static final long DIRTY = 1L << 4;
  private static final long ACCESSED = 1L << 5;
  private static final int FRAME_SHIFT = 6;
  private static final long FRAME_MASK = (long) MAX_NUMBER << FRAME_SHIFT;
  private static final int GENERATION_SHIFT = 34;
  private static final long CONTENT_MASK = (1L << GENERATION_SHIFT) - 1;
  private static final long TRANSLATION_MASK = ~CONTENT_MASK | TYPE_MASK | WRITABLE;

  private static final PteType[] TYPES = PteType.values();

  private static final int MAPPED_TYPES =
      bit(PteType.PRESENT)
          | bit(PteType.ZERO)
          | bit(PteType.DEVICE_PRIVATE)
          | bit(PteType.EXCLUSIVE);

  private static final int FRAME_TYPES =
      bit(PteType.PRESENT)
          | bit(PteType.INVALIDATING)
          | bit(PteType.EXCLUSIVE)
          | bit(PteType.MIGRATION);

  private static int bit(PteType type) {
    return 1 << type.ordinal();
  }

  private Pte() {}

  /** An entry that maps nothing. */
  public static long none(int generation) {
    return generationBits(generation);
  }

  /**
   * A clean entry, not yet accessed, of a page that is in a frame of the host.
   *
   * @param frame 1 to {@link #MAX_FRAME}
   * @throws IllegalArgumentException if the frame is the zero page or does not fit
   */
  public static long present(int frame, boolean writable, int generation) {
    if (frame == ZERO_PAGE_FRAME) {
      throw new IllegalArgumentException("frame 0 is the zero page: use zero(generation)");
    }
    if (frame > MAX_FRAME) {
      throw new IllegalArgumentException("frame " + frame + " is a device page");
    }
    long entry = PteType.PRESENT.ordinal() | frameBits(frame) | generationBits(generation);
    return withWritable(entry, writable);
  }

  /** An entry of a page that reads as zeroes; it is never writable. */
  public static long zero(int generation) {
    return PteType.ZERO.ordinal() | generationBits(generation);
  }

  /** An entry of a page that only a swap slot holds; nobody has a translation of it. */
  public static long swapped(int slot, int generation) {
    return PteType.SWAP.ordinal() | frameBits(slot) | generationBits(generation);
  }

  /**
   * A clean entry of a page that a device holds.
   *
   * @param devicePage {@link #FIRST_DEVICE_PAGE} to {@link #MAX_NUMBER}
   */
  public static long devicePrivate(int devicePage, boolean writable, int generation) {
    if (devicePage < FIRST_DEVICE_PAGE) {
      throw new IllegalArgumentException("page frame number " + devicePage + " is of the host");
    }
    long entry = PteType.DEVICE_PRIVATE.ordinal() | frameBits(devicePage);
    return withWritable(entry | generationBits(generation), writable);
  }

  /**
   * The same page held by an invalidation (INV-2), of the next generation, so that translations of
   * the old one are stale from here on, also after {@link #restored}.
   *
   * @throws IllegalArgumentException if nobody can have a translation of it
   */
  public static long invalidating(long entry) {
    if (!isMapped(entry)) {
      throw new IllegalArgumentException("cannot invalidate " + describe(entry));
    }
    return withNextGeneration(withType(entry, PteType.INVALIDATING));
  }

  /**
   * The entry that {@link #invalidating} replaced, with its page and flags, of the generation that
   * the invalidation gave it. What was exclusive is so no longer.
   *
   * @throws IllegalArgumentException if the entry is not INVALIDATING
   */
  public static long restored(long entry) {
    if (!isInvalidating(entry)) {
      throw new IllegalArgumentException("not invalidating: " + describe(entry));
    }
    int number = frame(entry);
    if (number >= FIRST_DEVICE_PAGE) {
      return withType(entry, PteType.DEVICE_PRIVATE);
    }
    return withType(entry, number == ZERO_PAGE_FRAME ? PteType.ZERO : PteType.PRESENT);
  }

  /** An entry that maps nothing any more, of the next generation. */
  public static long cleared(long entry) {
    return none(nextGeneration(generation(entry)));
  }

  public static PteType type(long entry) {
    return TYPES[(int) (entry & TYPE_MASK)];
  }

  public static boolean isNone(long entry) {
    return (entry & TYPE_MASK) == 0;
  }

  public static boolean isPresent(long entry) {
    return (entry & TYPE_MASK) == PteType.PRESENT.ordinal();
  }

  public static boolean isZero(long entry) {
    return (entry & TYPE_MASK) == PteType.ZERO.ordinal();
  }

  public static boolean isInvalidating(long entry) {
    return (entry & TYPE_MASK) == PteType.INVALIDATING.ordinal();
  }

  /** Whether participants may have translations of the page. */
  public static boolean isMapped(long entry) {
    return (MAPPED_TYPES >>> (entry & TYPE_MASK) & 1) != 0;
  }

  /** Whether a frame of the host is behind the entry. */
  public static boolean hasFrame(long entry) {
    int number = frame(entry);
    return (FRAME_TYPES >>> (entry & TYPE_MASK) & 1) != 0 && number != 0 && number <= MAX_FRAME;
  }

  public static boolean writable(long entry) {
    return (entry & WRITABLE) != 0;
  }

  public static boolean dirty(long entry) {
    return (entry & DIRTY) != 0;
  }

  public static boolean accessed(long entry) {
    return (entry & ACCESSED) != 0;
  }

  public static int frame(long entry) {
    return (int) ((entry & FRAME_MASK) >>> FRAME_SHIFT);
  }

  public static int generation(long entry) {
    return (int) (entry >>> GENERATION_SHIFT);
  }

  /** The generation after the given one; after {@link #MAX_GENERATION} comes 0. */
  public static int nextGeneration(int generation) {
    return (generation + 1) & MAX_GENERATION;
  }

  /** Whether one generation was shown after another; they wrap, so the shorter way round counts. */
  public static boolean later(int generation, int than) {
    int ahead = (generation - than) & MAX_GENERATION;
    return ahead != 0 && ahead <= MAX_GENERATION / 2;
  }

  /** Whether two entries differ in nothing but the page and what is known of its use. */
  public static boolean sameTranslation(long entry, long other) {
    return ((entry ^ other) & TRANSLATION_MASK) == 0;
  }

  /** The same entry with another type; frame and flags stay. */
  public static long withType(long entry, PteType type) {
    return (entry & ~TYPE_MASK) | type.ordinal();
  }

  public static long withWritable(long entry, boolean writable) {
    return writable ? entry | WRITABLE : entry & ~WRITABLE;
  }

  public static long withDirty(long entry, boolean dirty) {
    return dirty ? entry | DIRTY : entry & ~DIRTY;
  }

  public static long withAccessed(long entry, boolean accessed) {
    return accessed ? entry | ACCESSED : entry & ~ACCESSED;
  }

  /**
   * The same entry with another frame.
   *
   * @throws IllegalArgumentException if the frame does not fit
   */
  public static long withFrame(long entry, int frame) {
    return (entry & ~FRAME_MASK) | frameBits(frame);
  }

  /**
   * The same entry with another generation.
   *
   * @throws IllegalArgumentException if the generation does not fit
   */
  public static long withGeneration(long entry, int generation) {
    return (entry & CONTENT_MASK) | generationBits(generation);
  }

  public static long withNextGeneration(long entry) {
    return withGeneration(entry, nextGeneration(generation(entry)));
  }

  /** The entry in words, for reports and failures. */
  public static String describe(long entry) {
    String flags =
        (writable(entry) ? "w" : "-") + (dirty(entry) ? "d" : "-") + (accessed(entry) ? "a" : "-");
    return type(entry) + "[" + flags + " frame " + frame(entry) + " gen " + generation(entry) + "]";
  }

  private static long frameBits(int frame) {
    if (frame < 0 || frame > MAX_NUMBER) {
      throw new IllegalArgumentException("frame " + frame + " is not in [0, 2^28)");
    }
    return (long) frame << FRAME_SHIFT;
  }

  private static long generationBits(int generation) {
    if (generation < 0 || generation > MAX_GENERATION) {
      throw new IllegalArgumentException("generation " + generation + " is not in [0, 2^30)");
    }
    return (long) generation << GENERATION_SHIFT;
  }
}
