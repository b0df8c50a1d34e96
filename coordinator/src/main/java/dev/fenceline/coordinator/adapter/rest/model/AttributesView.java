package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A range and what is wished of it; immutable. */
@Schema(description = "A range and what is wished of it: where its pages should be")
public record AttributesView(
    @Schema(example = "0x7f0000000000") String start,
    @Schema(description = "Exclusive", example = "0x7f0000200000") String end,
    @Schema(
            description = "A device, or cpu/0 for the host; null: no wish",
            example = "agent-1/0",
            nullable = true)
        @Nullable String preferred,
    @Schema(description = "Devices that should reach the pages where they are")
        List<String> accessedBy,
    boolean readDuplication,
    @Schema(allowableValues = {"unspecified", "page-4k", "page-64k", "page-2m"}) String granularity,
    @Schema(allowableValues = {"allowed", "from-host-only", "forbidden"}) String migrationPolicy,
    @Schema(allowableValues = {"unspecified", "device", "global", "cpu"}) String atomicMode) {

  /** A page of the list; immutable. */
  @Schema(name = "AttributesPage", description = "Ranges that have attributes, by address")
  public record Page(
      @Schema(example = "host-1.1") String addressSpaceId,
      List<AttributesView> items,
      @Schema(description = "Null when this is the last page", nullable = true)
          @Nullable String nextCursor) {}
}
