package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An agent as of its last report; immutable. */
@Schema(description = "An agent, as of its last report")
public record AgentView(
    @Schema(example = "agent-1") String id,
    NodeInfo node,
    @Schema(description = "Devices of the agent", example = "2") int deviceCount,
    @Schema(
            description = "quarantined: at least one host has it in quarantine",
            allowableValues = {"healthy", "quarantined"})
        String standing,
    @Schema(description = "Hosts that have it in quarantine") List<String> quarantinedAt,
    List<LinkView> links) {

  /** An agent with what it says now; immutable. */
  @Schema(name = "AgentDetail", description = "An agent, with what it says itself at the moment")
  public record Detail(
      AgentView agent,
      @Schema(description = "As reported; with live counters if the agent answers")
          List<DeviceView.Detail> devices,
      @Schema(description = "What each host says of it; a host that says nothing is not listed")
          List<StandingView> standings,
      @Schema(description = "Null if the agent answers", nullable = true)
          @Nullable UnavailableHost unavailable) {}

  /** A link to a host; immutable. */
  @Schema(name = "AgentLink", description = "The agent's link to a host")
  public record LinkView(
      String hostId,
      @Schema(example = "attached") String state,
      String sessionId,
      @Schema(
              description =
                  "Until the agent fences itself off; negative when it has; in milliseconds",
              example = "1700.0")
          double leaseLeftMillis) {}
}
