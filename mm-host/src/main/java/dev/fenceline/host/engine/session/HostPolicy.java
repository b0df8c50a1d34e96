package dev.fenceline.host.engine.session;

import dev.fenceline.model.NotificationMode;
import org.jspecify.annotations.Nullable;

/**
 * What an operator may change while a host runs; immutable.
 *
 * @param quarantineStrikes an agent is quarantined by itself after so many strikes within the
 *     window; 0: never
 * @param holdNanos the first hold; doubled at each quarantine of the same agent
 * @param greatestHoldNanos the greatest hold, and how long an agent has to do well until its
 *     earlier quarantines are forgotten
 * @param defaultMode how new address spaces notify unless their creator says otherwise
 */
public record HostPolicy(
    int quarantineStrikes,
    long windowNanos,
    long holdNanos,
    long greatestHoldNanos,
    NotificationMode defaultMode) {
  private static final long SECOND = 1_000_000_000L;
  private static final long SHORTEST_NANOS = 1_000_000L;

  /** The longest window and hold: a day. */
  static final long LONGEST_NANOS = 24 * 3600 * SECOND;

  static final int MOST_STRIKES = 1000;

  public static final HostPolicy DEFAULT =
      new HostPolicy(3, 60 * SECOND, 30 * SECOND, 600 * SECOND, NotificationMode.SPLIT);

  /** What is wrong with it, naming the field as the wire contract does; null if nothing is. */
  public @Nullable String contradiction() {
    if (quarantineStrikes < 0 || quarantineStrikes > MOST_STRIKES) {
      return "quarantine_strikes of %d: must be 0 to %d".formatted(quarantineStrikes, MOST_STRIKES);
    }
    String wrong = outside("quarantine_window_nanos", windowNanos);
    if (wrong == null) {
      wrong = outside("quarantine_hold_nanos", holdNanos);
    }
    if (wrong == null) {
      wrong = outside("quarantine_greatest_hold_nanos", greatestHoldNanos);
    }
    if (wrong == null && holdNanos > greatestHoldNanos) {
      wrong =
          "quarantine_hold_nanos of %d is greater than quarantine_greatest_hold_nanos of %d"
              .formatted(holdNanos, greatestHoldNanos);
    }
    return wrong;
  }

  /** The hold of an agent that was quarantined so many times before. */
  long holdNanos(int earlierQuarantines) {
    long hold = holdNanos;
    for (int i = 0; i < earlierQuarantines && hold < greatestHoldNanos; i++) {
      hold *= 2;
    }
    return Math.min(hold, greatestHoldNanos);
  }

  private static @Nullable String outside(String field, long nanos) {
    return nanos >= SHORTEST_NANOS && nanos <= LONGEST_NANOS
        ? null
        : "%s of %d: must be %d to %d".formatted(field, nanos, SHORTEST_NANOS, LONGEST_NANOS);
  }
}
