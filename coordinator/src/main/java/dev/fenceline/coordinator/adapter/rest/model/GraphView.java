package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Who waits for whom; immutable. */
@Schema(description = "Who waits for whom, at one moment")
public record GraphView(
    List<Node> nodes,
    List<Edge> edges,
    @Schema(description = "Circles of waits; one that lasts is a defect or a lost device")
        List<Cycle> cycles,
    @Schema(description = "Too much waits for one answer: parts are missing") boolean truncated,
    @Schema(description = "Hosts and agents whose part is missing")
        List<UnavailableHost> unavailableHosts) {

  /** One that waits or is waited for; immutable. */
  @Schema(name = "GraphNode")
  public record Node(
      @Schema(example = "fence:host-1.42") String id,
      @Schema(allowableValues = {"operation", "fence", "device", "program", "fault"}) String kind,
      String label,
      @Schema(
              description = "For how long; 0 if it does not wait itself; in milliseconds",
              example = "12.5")
          double sinceMillis) {}

  /** A wait; immutable. */
  @Schema(name = "GraphEdge", description = "`from` waits for `to`")
  public record Edge(String from, String to, String why) {}

  /** A circle of waits; immutable. */
  @Schema(name = "GraphCycle")
  public record Cycle(
      @Schema(description = "Each waits for the next, the last for the first") List<String> nodes,
      @Schema(
              description = "For how long it can have been closed; in milliseconds",
              example = "12.5")
          double sinceMillis,
      String why,
      @Schema(
              description = "What breaks it, if the breaker is on; null if no rule applies",
              nullable = true)
          @Nullable String remedy) {}
}
