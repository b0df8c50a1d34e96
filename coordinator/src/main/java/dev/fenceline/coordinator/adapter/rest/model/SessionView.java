package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;

/** Who one is; immutable. */
@Schema(description = "Who one is, and what one may do")
public record SessionView(
    @Schema(example = "alice") String name,
    @Schema(
            description = "Each may do what those before it may",
            allowableValues = {"viewer", "operator", "admin"})
        String role,
    @Schema(
            description = "How callers are known; none: everybody may do everything",
            allowableValues = {"static", "oidc", "none"})
        String authentication,
    @Schema(description = "False if nobody is asked who he is") boolean secured) {}
