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
    long uptimeMillis,
    @Schema(description = "0 when ready") long recoveryLeftMillis,
    @Schema(description = "Grows with each change of the list of hosts") long revision,
    @Schema(description = "What nodes are told to report at") long reportIntervalMillis,
    long livenessTimeoutMillis,
    Counts counts) {

  /** How many of what; immutable. */
  @Schema(name = "StatusCounts")
  public record Counts(NodeCounts hosts, NodeCounts agents, int devices, int reportStreams) {}

  /** Nodes of a kind by state; immutable. */
  @Schema(name = "StatusNodeCounts")
  public record NodeCounts(int live, int suspect, int lost, int left) {}
}
