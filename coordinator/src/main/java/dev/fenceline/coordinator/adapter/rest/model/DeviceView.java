package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** A device as of its agent's last report; immutable. */
@Schema(description = "A device, as of its agent's last report")
public record DeviceView(
    @Schema(description = "agentId/index", example = "agent-1/0") String id,
    String agentId,
    int index,
    String name,
    @Schema(description = "State of its agent", example = "live") String agentState,
    int units,
    @Schema(description = "Whether it takes programs", example = "active") String standing,
    long runningPrograms,
    long mirrorEntries) {

  /** A device with its live counters; immutable. */
  @Schema(name = "DeviceDetail")
  public record Detail(
      DeviceView device,
      @Schema(description = "Null if the agent does not answer", nullable = true)
          @Nullable Counters counters,
      @Schema(description = "Null if the agent answers", nullable = true)
          @Nullable UnavailableHost unavailable) {}

  /** What the device did since its agent's start; immutable. */
  @Schema(name = "DeviceCounters")
  public record Counters(
      long runningPrograms,
      long queuedPrograms,
      long mirrorEntries,
      long faults,
      long faultRetries,
      long invalidations,
      long dmaReadBytes,
      long dmaWrittenBytes,
      @Schema(description = "Requests refused by hosts as stale") long staleRefusals,
      double drainDelayMicros,
      double dmaDelayMicros,
      double faultDelayMicros) {}
}
