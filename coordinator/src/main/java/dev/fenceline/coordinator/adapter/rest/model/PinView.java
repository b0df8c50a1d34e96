package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A pin on pages; immutable. */
@Schema(description = "A pin: its pages stay where they are until it is taken back")
public record PinView(
    @Schema(description = "hostId.pinId", example = "host-1.3") String id,
    String hostId,
    @Schema(example = "host-1.1") String addressSpaceId,
    @Schema(example = "0x7f0000000000") String start,
    @Schema(example = "0x7f0000004000") String end,
    @Schema(description = "Pages of 4 KiB", example = "16") long pages,
    boolean write,
    boolean longTerm,
    @Schema(description = "Who to ask", example = "rdma-registration") String owner,
    @Schema(description = "What for") String reason,
    @Schema(description = "Since it was made; in milliseconds", example = "60000") long ageMillis,
    @Schema(
            description = "Pages that it keeps although nothing maps them there any more",
            example = "0")
        long unmappedPages) {

  /** A page of the list of pins; immutable. */
  @Schema(name = "PinPage", description = "By host and age, over all hosts that answered")
  public record Page(
      List<PinView> items,
      @Schema(description = "Null when this is the last page", nullable = true)
          @Nullable String nextCursor,
      List<UnavailableHost> unavailableHosts) {}
}
