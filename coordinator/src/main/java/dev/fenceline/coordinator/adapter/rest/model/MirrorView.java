package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A device's subscription to an interval; immutable. */
@Schema(description = "A device's subscription to an interval of the address space")
public record MirrorView(
    @Schema(example = "agent-1/0") String device,
    String deviceName,
    @Schema(description = "The agent's own number of it", example = "1") long mirrorId,
    String start,
    String end,
    @Schema(description = "Sequence of the last invalidation that touched it", example = "42")
        long sequence) {

  /** A page of the list of mirrors; immutable. */
  @Schema(name = "MirrorPage")
  public record Page(
      @Schema(example = "host-1.1") String addressSpaceId,
      @Schema(
              description = "Sequence of the address space when the host read this page",
              example = "42")
          long sequence,
      List<MirrorView> items,
      @Schema(description = "Null when this is the last page", nullable = true)
          @Nullable String nextCursor) {}
}
