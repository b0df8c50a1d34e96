package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** How an address space notifies; immutable. */
@Schema(description = "How an address space notifies its mirrors")
public record SpacePolicyView(
    @Schema(
            requiredMode = Schema.RequiredMode.REQUIRED,
            allowableValues = {"split", "sequential"},
            example = "split")
        @Nullable String notificationMode) {}
