package dev.fenceline.client.resource;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.List;

/**
 * How long invalidations took, second by second; immutable.
 *
 * @param bucketBoundMicros upper bounds, ascending; each list of counts has one more, for what lies
 *     beyond the last
 * @param stepSeconds seconds per sample
 * @param samples ascending; the last one may still grow
 */
public record WaitTimes(
    List<Double> bucketBoundMicros,
    int stepSeconds,
    List<String> hostIds,
    List<Sample> samples,
    Percentiles percentiles) {

  /** What ended within a step; immutable. */
  public record Sample(
      Instant at,
      List<Long> schedule,
      List<Long> unmap,
      @JsonProperty("wait") List<Long> waiting,
      long completed,
      long backedOff) {}

  /** Over the whole window, by phase; immutable. */
  public record Percentiles(
      Quantiles schedule, Quantiles unmap, @JsonProperty("wait") Quantiles waiting) {}

  /** Interpolated within buckets, 0 if nothing was counted; immutable. */
  public record Quantiles(
      long count, double p50Micros, double p90Micros, double p99Micros, double p999Micros) {}
}
