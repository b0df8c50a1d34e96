package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A circle of waits that was seen at least twice; immutable. */
@Schema(description = "A circle of waits that was seen in two looks one after the other")
public record DeadlockView(
    @Schema(description = "Grows by one per deadlock since the coordinator's start", example = "1")
        long number,
    @Schema(allowableValues = {"standing", "broken", "gone"}) String state,
    Instant firstSeenAt,
    Instant lastSeenAt,
    @Schema(description = "Each waits for the next, the last for the first") List<String> nodes,
    String why,
    @Schema(description = "What breaks it, or did; null if no rule applies", nullable = true)
        @Nullable String remedy,
    @Schema(description = "How often the remedy was applied", example = "1") int attempts) {

  /** Those that stand, and the last ones that do not any more; immutable. */
  @Schema(name = "Deadlocks", description = "Circles of waits, and whether they are broken")
  public record Listing(
      @Schema(description = "Whether remedies are applied; circles are found in any case")
          boolean breakerOn,
      @Schema(description = "Those that stand, then up to 64 that are over, the newest first")
          List<DeadlockView> items) {}

  /** The breaker's switch; immutable. */
  @Schema(name = "DeadlockBreaker", description = "Whether circles of waits are broken")
  public record Breaker(
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED, example = "true")
          @Nullable Boolean enabled) {}
}
