package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** How an address space notifies, and what it counts out of memory; immutable. */
@Schema(
    description =
        "How an address space notifies its mirrors, and what it counts when memory is short")
public record SpacePolicyView(
    @Schema(
            requiredMode = Schema.RequiredMode.REQUIRED,
            allowableValues = {"split", "sequential"},
            example = "split")
        @Nullable String notificationMode,
    @Schema(
            description =
                "Thousandths of the host's memory by which it counts as larger when somebody has to be"
                    + " killed for want of memory; -1000: never; absent: as it was",
            minimum = "-1000",
            maximum = "1000",
            example = "0",
            nullable = true)
        @Nullable Integer oomScoreAdjust) {}
