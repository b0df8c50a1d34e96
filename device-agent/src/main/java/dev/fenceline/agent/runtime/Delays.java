package dev.fenceline.agent.runtime;

/**
 * How slow a device pretends to be; immutable.
 *
 * @param drainNanos added to the drain of every invalidation
 * @param dmaNanos added to every DMA request
 * @param faultNanos added before every fault is asked for
 */
public record Delays(long drainNanos, long dmaNanos, long faultNanos) {
  public static final Delays NONE = new Delays(0, 0, 0);

  /** Longest delay that can be asked for. */
  public static final long MAX_NANOS = 10_000_000_000L;

  public Delays {
    check("drain", drainNanos);
    check("DMA", dmaNanos);
    check("fault", faultNanos);
  }

  private static void check(String name, long nanos) {
    if (nanos < 0 || nanos > MAX_NANOS) {
      throw new IllegalArgumentException(
          name + " delay is " + nanos + " ns; it must be in [0, " + MAX_NANOS + "]");
    }
  }
}
