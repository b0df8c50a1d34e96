package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What a host thinks of an agent; immutable. */
@Schema(description = "What a host thinks of an agent")
public record StandingView(
    @Schema(example = "host-1") String hostId,
    @Schema(allowableValues = {"healthy", "suspect", "quarantined"}) String state,
    @Schema(
            description = "Fences not resolved in good order within the policy's window",
            example = "0")
        long strikes,
    @Schema(description = "Why it is quarantined, or empty") String reason,
    @Schema(description = "An operator did it, not the policy") boolean byOperator,
    Instant since,
    @Schema(
            description =
                "Until it is returned by itself; null if only by hand, or not quarantined; in milliseconds",
            nullable = true,
            example = "30000.0")
        @Nullable Double holdLeftMillis) {}
