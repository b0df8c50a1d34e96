package dev.fenceline.client.resource;

import org.jspecify.annotations.Nullable;

/**
 * A device as of its agent's last report; immutable.
 *
 * @param id {@code agentId/index}
 * @param standing {@code active}, {@code draining} or {@code drained}
 */
public record Device(
    String id,
    String agentId,
    int index,
    String name,
    String agentState,
    String standing,
    int units,
    long runningPrograms,
    long mirrorEntries) {

  /**
   * A device with its live counters; immutable.
   *
   * @param counters null if the agent does not answer
   * @param unavailable null if the agent answers
   */
  public record Detail(
      Device device, @Nullable Counters counters, @Nullable Unavailable unavailable) {}

  /** What the device did since its agent's start; immutable. */
  public record Counters(
      long runningPrograms,
      long queuedPrograms,
      long mirrorEntries,
      long faults,
      long faultRetries,
      long invalidations,
      long dmaReadBytes,
      long dmaWrittenBytes,
      long staleRefusals,
      double drainDelayMicros,
      double dmaDelayMicros,
      double faultDelayMicros) {}
}
