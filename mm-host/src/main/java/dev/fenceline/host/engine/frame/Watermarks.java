package dev.fenceline.host.engine.frame;

/**
 * How many frames of a host are to be free, as Linux' zone watermarks; immutable.
 *
 * @param min below it pages go that devices hold, too: they are invalidated ahead of need
 * @param low below it pages are swapped out in the background, at first those that no device holds
 * @param high from here on the background rests
 */
public record Watermarks(long min, long low, long high) {
  /** Nothing happens in the background. */
  public static final Watermarks NONE = new Watermarks(0, 0, 0);

  public Watermarks {
    if (min < 0 || low < min || high < low) {
      throw new IllegalArgumentException(
          "watermarks min %d, low %d, high %d: must not be negative, and ascend"
              .formatted(min, low, high));
    }
  }

  /**
   * As Linux derives them (mm/page_alloc.c, init_per_zone_wmark_min): min is four times the root of
   * the memory in KiB; low and high lie a quarter of it, at least a thousandth of the frames, above
   * each other. Of few frames, min is a sixteenth at most.
   */
  public static Watermarks of(long frames) {
    long kibibytes = 4 * frames;
    long min = Math.min((long) Math.sqrt(16.0 * kibibytes) / 4, frames / 16);
    long step = Math.max(min / 4, frames / 1000);
    return new Watermarks(min, min + step, min + 2 * step);
  }
}
