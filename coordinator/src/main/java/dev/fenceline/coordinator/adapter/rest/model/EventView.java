package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Something that happened in the installation; immutable. */
@Schema(description = "Something that happened in the installation")
public record EventView(
    @Schema(
            description = "Grows; its first part changes when the coordinator starts anew",
            example = "9c1185a5c5e9fc54-42")
        String id,
    @Schema(description = "On the clock of whoever saw it") Instant at,
    @Schema(example = "fence-overdue") String kind,
    @Schema(nullable = true, example = "host-1") @Nullable String hostId,
    @Schema(nullable = true, example = "agent-1") @Nullable String agentId,
    @Schema(nullable = true, example = "agent-1/0") @Nullable String device,
    @Schema(nullable = true, example = "host-1.1") @Nullable String addressSpaceId,
    @Schema(nullable = true, example = "host-1.42") @Nullable String fenceId,
    @Schema(description = "Who did it, if a person did", nullable = true, example = "alice")
        @Nullable String actor,
    @Schema(description = "One sentence for a person") String message,
    @Schema(
            description =
                "host-events-lost: how many of each kind, as far as the host still knew; else null",
            nullable = true,
            example = "{\"invalidation-backed-off\": 512}")
        @Nullable Map<String, Long> lostByKind) {

  /** Events that are gone; immutable. */
  @Schema(name = "EventGap", description = "Events that were asked for and are gone")
  public record Gap(
      @Schema(
              description = "First that is lost; null if the coordinator started anew meanwhile",
              nullable = true)
          @Nullable String lostFrom,
      @Schema(nullable = true) @Nullable String lostTo,
      String reason) {}

  /** Some of the events; immutable. */
  @Schema(name = "EventPage", description = "Events, oldest first")
  public record Page(
      List<EventView> items,
      @Schema(description = "Null if there is none", nullable = true) @Nullable String oldestId,
      @Schema(description = "Null if there is none", nullable = true) @Nullable String newestId,
      @Schema(description = "Pass as `after` to go on; never null") String nextAfter,
      @Schema(description = "Null if nothing was lost", nullable = true) @Nullable Gap gap) {}
}
