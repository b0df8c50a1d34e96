package dev.fenceline.agent.engine;

import dev.fenceline.model.DeviceDescription;
import java.util.List;

/**
 * What a link is told at its start; immutable. All times are nanoseconds.
 *
 * @param bootToken see {@link #bootToken(long, int)}; not 0
 * @param leaseSafetyNanos how long before the end of the lease all access stops
 * @param greetingTimeoutNanos bound of dialing, and again of waiting for the answer to Hello
 * @param backoffInitialNanos first wait before dialing again
 * @param backoffMaxNanos longest wait before dialing again
 * @param faultRetryInitialNanos wait before the second retry of a fault; the first is at once
 * @param faultRetryMaxNanos longest wait before a retry of a fault
 * @param maxWaitingFaults tickets that may wait; more are refused with RESOURCE_EXHAUSTED
 * @param maxMirrors mirrors that may be open; more are refused with RESOURCE_EXHAUSTED
 */
public record LinkSettings(
    String agentId,
    long bootToken,
    List<DeviceDescription> devices,
    long leaseSafetyNanos,
    long greetingTimeoutNanos,
    long backoffInitialNanos,
    long backoffMaxNanos,
    long faultRetryInitialNanos,
    long faultRetryMaxNanos,
    int maxWaitingFaults,
    int maxMirrors) {
  /** The version of the attach protocol that this agent speaks. */
  public static final int PROTOCOL_VERSION = 1;

  public static final int BOOT_RANDOM_BITS = 20;

  private static final long MICROSECOND = 1_000;
  private static final long MILLISECOND = 1_000_000;

  public LinkSettings {
    devices = List.copyOf(devices);
    if (bootToken == 0 || devices.isEmpty()) {
      throw new IllegalArgumentException("a link needs a boot token and at least one device");
    }
    if (leaseSafetyNanos < 0
        || greetingTimeoutNanos < 1
        || maxWaitingFaults < 1
        || maxMirrors < 1) {
      throw new IllegalArgumentException("times and limits of a link must be positive");
    }
    if (backoffInitialNanos < 1
        || backoffMaxNanos < backoffInitialNanos
        || faultRetryInitialNanos < 1
        || faultRetryMaxNanos < faultRetryInitialNanos) {
      throw new IllegalArgumentException("a longest wait is at least the first one, and positive");
    }
  }

  /**
   * Names a start of the agent's process; greater for a later start. On a clock that was set back,
   * it is smaller: then the host lets the process in once the lease of the one before has ended.
   *
   * @param random tells starts in one millisecond apart, in [0, 2^{@value #BOOT_RANDOM_BITS})
   */
  public static long bootToken(long wallClockMillis, int random) {
    return (wallClockMillis << BOOT_RANDOM_BITS) | random;
  }

  /** The defaults, for these devices. */
  public static LinkSettings of(String agentId, long bootToken, List<DeviceDescription> devices) {
    return new LinkSettings(
        agentId,
        bootToken,
        devices,
        5 * MILLISECOND,
        5_000 * MILLISECOND,
        50 * MILLISECOND,
        5_000 * MILLISECOND,
        100 * MICROSECOND,
        20 * MILLISECOND,
        65_536,
        4_096);
  }

  /** These settings with another margin before the end of the lease. */
  public LinkSettings withLeaseSafetyNanos(long nanos) {
    return new LinkSettings(
        agentId,
        bootToken,
        devices,
        nanos,
        greetingTimeoutNanos,
        backoffInitialNanos,
        backoffMaxNanos,
        faultRetryInitialNanos,
        faultRetryMaxNanos,
        maxWaitingFaults,
        maxMirrors);
  }
}
