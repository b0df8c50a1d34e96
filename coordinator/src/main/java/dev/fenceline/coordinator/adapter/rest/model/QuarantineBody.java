package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** Why and for how long to quarantine; immutable. */
@Schema(description = "Why and for how long to quarantine an agent")
public record QuarantineBody(
    @Schema(description = "For people", maxLength = 256, nullable = true) @Nullable String reason,
    @Schema(
            description =
                "Returned by itself after this time; 0, the default: only by hand; in seconds",
            minimum = "0",
            maximum = "2592000",
            nullable = true,
            example = "60")
        @Nullable Long holdSeconds,
    @Schema(description = "Only at this host; default: at every host", nullable = true)
        @Nullable String hostId) {}
