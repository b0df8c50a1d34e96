package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** What a host does by itself; immutable. All members are needed when it is set. */
@Schema(description = "What a host does by itself")
public record HostPolicyView(
    @Schema(
            description = "Quarantines an agent after so many strikes within the window; 0: never",
            requiredMode = Schema.RequiredMode.REQUIRED,
            minimum = "0",
            maximum = "1000000",
            example = "3")
        @Nullable Long quarantineStrikes,
    @Schema(
            description = "How long a strike counts; in seconds",
            requiredMode = Schema.RequiredMode.REQUIRED,
            minimum = "0",
            maximum = "2592000",
            example = "60")
        @Nullable Double quarantineWindowSeconds,
    @Schema(
            description = "Of the first quarantine; doubled at each further one; in seconds",
            requiredMode = Schema.RequiredMode.REQUIRED,
            minimum = "0",
            maximum = "2592000",
            example = "30")
        @Nullable Double quarantineHoldSeconds,
    @Schema(
            description = "A quarantine is never longer; in seconds",
            requiredMode = Schema.RequiredMode.REQUIRED,
            minimum = "0",
            maximum = "2592000",
            example = "600")
        @Nullable Double quarantineGreatestHoldSeconds,
    @Schema(
            description = "How new address spaces notify unless their creator says otherwise",
            requiredMode = Schema.RequiredMode.REQUIRED,
            allowableValues = {"split", "sequential"})
        @Nullable String defaultNotificationMode) {}
