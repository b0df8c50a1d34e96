package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;

/** A node whose part is missing from an answer; immutable. */
@Schema(description = "A node that did not answer, so that its part is missing here")
public record UnavailableHost(
    @Schema(example = "host-1") String id,
    @Schema(description = "What the registry thinks of it", example = "suspect") String state,
    @Schema(description = "Since when it does not answer, or is in its state") Instant since,
    @Schema(example = "no answer within 2.0 s") String reason) {}
