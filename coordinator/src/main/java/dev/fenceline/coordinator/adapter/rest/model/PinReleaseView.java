package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;

/** A pin that was taken back; immutable. */
@Schema(description = "A pin that was taken back")
public record PinReleaseView(
    @Schema(example = "host-1.3") String id,
    @Schema(description = "Pages that it had kept", example = "16") long unpinnedPages) {}
