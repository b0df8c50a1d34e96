package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;

/** The coordinator itself; immutable. */
@Schema(description = "The coordinator itself; answered while recovering, too")
public record StatusView(
    @Schema(
            description = "While `recovering` everything else answers 503",
            allowableValues = {"recovering", "ready"})
        String state,
    @Schema(description = "Random per start", example = "0x9c1185a5c5e9fc54") String bootToken,
    Instant startedAt,
    @Schema(description = "Since the start; in milliseconds", example = "600000") long uptimeMillis,
    @Schema(description = "0 when ready; in milliseconds", example = "0") long recoveryLeftMillis,
    @Schema(description = "Grows with each change of the list of hosts", example = "5")
        long revision,
    @Schema(description = "How often nodes are told to report; in milliseconds", example = "1000")
        long reportIntervalMillis,
    @Schema(
            description = "Silence after which a node is suspect; in milliseconds",
            example = "3000")
        long livenessTimeoutMillis,
    Counts counts) {

  /** How many of what; immutable. */
  @Schema(name = "StatusCounts")
  public record Counts(
      NodeCounts hosts,
      NodeCounts agents,
      @Schema(description = "Of all agents", example = "4") int devices,
      @Schema(description = "Nodes that report now", example = "3") int reportStreams) {}

  /** Nodes of a kind by state; immutable. */
  @Schema(name = "StatusNodeCounts")
  public record NodeCounts(
      @Schema(description = "That report", example = "3") int live,
      @Schema(description = "That have been silent for too long", example = "0") int suspect,
      @Schema(description = "That are taken for dead", example = "0") int lost,
      @Schema(description = "That said goodbye", example = "0") int left) {}
}
