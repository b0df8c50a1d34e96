package dev.fenceline.coordinator.adapter.rest.model;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;

/** How long invalidations took, second by second; immutable. */
@Schema(description = "How long invalidations took, second by second")
public record WaitsView(
    @Schema(
            description =
                "Upper bounds of the buckets, ascending; each list of counts has one more, for"
                    + " what lies beyond the last")
        List<Double> bucketBoundMicros,
    @Schema(description = "Seconds per sample", example = "1") int stepSeconds,
    @Schema(description = "Hosts that are counted in") List<String> hostIds,
    @Schema(description = "Ascending, without holes; the last one may still grow")
        List<Sample> samples,
    Percentiles percentiles) {

  /** What ended within a step; immutable. */
  @Schema(name = "WaitsSample")
  public record Sample(
      @Schema(description = "Its first second") Instant at,
      List<Long> schedule,
      List<Long> unmap,
      @JsonProperty("wait") List<Long> waiting,
      @Schema(description = "Invalidations that completed", example = "120") long completed,
      @Schema(description = "Invalidations that backed off", example = "2") long backedOff) {}

  /** Over the whole window, by phase; immutable. */
  @Schema(name = "WaitsPercentiles")
  public record Percentiles(
      Quantiles schedule, Quantiles unmap, @JsonProperty("wait") Quantiles waiting) {}

  /** Interpolated within buckets; immutable. */
  @Schema(
      name = "WaitsQuantiles",
      description = "Interpolated within buckets; 0 if nothing was counted")
  public record Quantiles(
      @Schema(description = "Invalidations in the window", example = "120") long count,
      @Schema(description = "The median; in microseconds", example = "310.0") double p50Micros,
      @Schema(description = "Nine of ten are not above it; in microseconds", example = "900.0")
          double p90Micros,
      @Schema(description = "99 of 100 are not above it; in microseconds", example = "2100.0")
          double p99Micros,
      @Schema(description = "999 of 1000 are not above it; in microseconds", example = "4800.0")
          double p999Micros) {}
}
