package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** How to drain; immutable. */
@Schema(description = "How to drain")
public record DrainBody(
    @Schema(
            description =
                "Programs that still run are preempted after this time; default 30; in seconds",
            minimum = "1",
            maximum = "600",
            nullable = true,
            example = "30")
        @Nullable Long deadlineSeconds,
    @Schema(description = "For people", maxLength = 256, nullable = true)
        @Nullable String reason) {}
