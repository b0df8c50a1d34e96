package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An address space; immutable. */
@Schema(description = "An address space")
public record SpaceView(
    @Schema(description = "hostId.spaceId", example = "host-1.1") String id,
    String hostId,
    @Schema(description = "The host's own id, decimal", example = "1") String spaceId,
    String name,
    @Schema(allowableValues = {"split", "sequential"}) String notificationMode,
    @Schema(description = "Mappings", example = "3") long mappingCount,
    @Schema(description = "Pages that are mapped", example = "512") long mappedPages,
    @Schema(description = "Pages that have a frame", example = "12") long residentPages,
    @Schema(description = "Mirrors", example = "2") long mirrorCount,
    @Schema(description = "Grows with each invalidation", example = "42") long sequence,
    @Schema(description = "Invalidations that have not ended", example = "1")
        long pendingInvalidationCount,
    @Schema(
            description =
                "oom-killed: its host was out of memory, its contents are gone, it can only be destroyed",
            allowableValues = {"alive", "oom-killed"})
        String state,
    @Schema(
            description =
                "Thousandths of its host's memory by which it counts as larger when somebody has to be"
                    + " killed for want of memory, -1000 (never) to 1000",
            example = "0")
        int oomScoreAdjust) {

  /** A page of the list of address spaces; immutable. */
  @Schema(name = "SpacePage", description = "Address spaces of all hosts that answered")
  public record Page(
      List<SpaceView> items,
      @Schema(description = "Null when this is the last page", nullable = true)
          @Nullable String nextCursor,
      @Schema(description = "Hosts whose address spaces are missing here")
          List<UnavailableHost> unavailableHosts) {}
}
