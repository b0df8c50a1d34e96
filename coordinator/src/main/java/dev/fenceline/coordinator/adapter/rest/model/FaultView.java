package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A fault that is parked or under way; immutable. */
@Schema(description = "A fault that is parked or under way at a host")
public record FaultView(
    @Schema(description = "cpu/0 for the host's own accesses", example = "agent-1/0") String device,
    String deviceName,
    String hostId,
    @Schema(example = "host-1.1") String addressSpaceId,
    @Schema(example = "0x7f0000000000") String address,
    @Schema(description = "Pages of 4 KiB", example = "16") long pages,
    boolean write,
    @Schema(description = "How long it has waited; in microseconds", example = "850.0")
        double elapsedMicros,
    @Schema(
            description = "The fence that it waits for; null if it waits for an operation's turn",
            example = "host-1.42",
            nullable = true)
        @Nullable String waitsForFenceId) {

  /** Faults of all hosts; immutable. */
  @Schema(name = "FaultPage", description = "Oldest first, over all hosts that answered")
  public record Page(
      List<FaultView> items,
      @Schema(description = "Under way in all, also those that are not listed", example = "3")
          long total,
      @Schema(description = "True if not all are listed") boolean truncated,
      List<UnavailableHost> unavailableHosts) {}
}
