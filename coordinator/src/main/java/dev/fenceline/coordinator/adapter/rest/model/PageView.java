package dev.fenceline.coordinator.adapter.rest.model;

import dev.fenceline.coordinator.adapter.rest.model.RangeView.HolderView;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One page; immutable. */
@Schema(description = "One page of 4096 bytes")
public record PageView(
    String addressSpaceId,
    @Schema(description = "First byte of the page", example = "0x7f0000000000") String address,
    @Schema(
            allowableValues = {
              "unmapped",
              "not-present",
              "present",
              "zero",
              "invalidating",
              "swapped",
              "device",
              "exclusive",
              "migrating"
            })
        String state,
    @Schema(description = "Raised by each invalidation; compare for equality only", example = "7")
        long generation,
    boolean writable,
    boolean dirty,
    List<HolderView> holders,
    @Schema(
            description = "The invalidation that holds the page, as in /fences/{id}; else null",
            example = "host-1.42",
            nullable = true)
        @Nullable String fenceId,
    @Schema(
            description = "The device that has the page, in its memory or for itself; else null",
            example = "agent-1/0",
            nullable = true)
        @Nullable String location,
    @Schema(
            description =
                "The page belongs to an aligned block of 2^order pages that one translation maps:"
                    + " 0, or 9 for 2 MiB",
            example = "9")
        int order) {}
