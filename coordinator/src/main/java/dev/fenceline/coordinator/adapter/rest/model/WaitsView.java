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
    @Schema(description = "Seconds per sample") int stepSeconds,
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
      long completed,
      long backedOff) {}

  /** Over the whole window, by phase; immutable. */
  @Schema(name = "WaitsPercentiles")
  public record Percentiles(
      Quantiles schedule, Quantiles unmap, @JsonProperty("wait") Quantiles waiting) {}

  /** Interpolated within buckets; immutable. */
  @Schema(
      name = "WaitsQuantiles",
      description = "Interpolated within buckets; 0 if nothing was counted")
  public record Quantiles(
      long count, double p50Micros, double p90Micros, double p99Micros, double p999Micros) {}
}
