package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** A device as of its agent's last report; immutable. */
@Schema(description = "A device, as of its agent's last report")
public record DeviceView(
    @Schema(description = "agentId/index", example = "agent-1/0") String id,
    String agentId,
    @Schema(description = "Of the device, within its agent", example = "0") int index,
    String name,
    @Schema(description = "State of its agent", example = "live") String agentState,
    @Schema(description = "Execution units", example = "4") int units,
    @Schema(description = "Whether it takes programs", example = "active") String standing,
    @Schema(description = "Programs that run", example = "1") long runningPrograms,
    @Schema(description = "Translations that it holds", example = "512") long mirrorEntries) {

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
      @Schema(description = "Programs that run", example = "1") long runningPrograms,
      @Schema(description = "Programs that wait for a unit", example = "0") long queuedPrograms,
      @Schema(description = "Translations that it holds", example = "512") long mirrorEntries,
      @Schema(description = "Faults, since the start", example = "4096") long faults,
      @Schema(
              description = "Faults that were asked again, since the answer came too late",
              example = "12")
          long faultRetries,
      @Schema(description = "Invalidations that it heard of", example = "310") long invalidations,
      @Schema(description = "Bytes read from hosts", example = "1048576") long dmaReadBytes,
      @Schema(description = "Bytes written to hosts", example = "524288") long dmaWrittenBytes,
      @Schema(description = "Requests refused by hosts as stale", example = "3") long staleRefusals,
      @Schema(description = "Added to each drain, for tests; in microseconds", example = "0.0")
          double drainDelayMicros,
      @Schema(description = "Added to each DMA, for tests; in microseconds", example = "0.0")
          double dmaDelayMicros,
      @Schema(description = "Added to each fault, for tests; in microseconds", example = "0.0")
          double faultDelayMicros) {}
}
