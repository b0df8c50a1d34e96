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
    @Schema(allowableValues = {"unmapped", "not-present", "present", "zero", "invalidating"})
        String state,
    @Schema(description = "Raised by each invalidation; compare for equality only") long generation,
    boolean writable,
    boolean dirty,
    List<HolderView> holders,
    @Schema(
            description = "The invalidation that holds the page, as in /fences/{id}; else null",
            example = "host-1.42",
            nullable = true)
        @Nullable String fenceId) {}
