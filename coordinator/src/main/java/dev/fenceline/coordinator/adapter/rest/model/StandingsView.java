package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How an agent, or a device, stands after a command; immutable. */
@Schema(description = "How an agent and its devices stand")
public record StandingsView(
    @Schema(example = "agent-1") String agentId,
    @Schema(description = "Devices, if they were concerned") List<Device> devices,
    @Schema(description = "What hosts say of the agent, if they were concerned")
        List<StandingView> standings,
    @Schema(description = "Whose part is missing") List<UnavailableHost> unavailableHosts,
    @Schema(
            description = "Null unless the hosts did their part and the agent did not answer",
            nullable = true)
        @Nullable UnavailableHost unavailableAgent) {

  /** Whether a device takes programs; immutable. */
  @Schema(name = "StandingsDevice")
  public record Device(
      @Schema(example = "agent-1/0") String device,
      @Schema(allowableValues = {"active", "draining", "drained"}) String state,
      @Schema(description = "Programs that run", example = "1") long runningPrograms,
      @Schema(description = "Programs that wait for a unit", example = "0") long queuedPrograms,
      String reason) {}
}
