package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** What became of a change; immutable. */
@Schema(description = "What became of a change of an address space")
public record OperationView(
    @Schema(
            description = "backed-off: a fence had still to wait; nothing has changed",
            allowableValues = {"done", "backed-off"})
        String outcome,
    @Schema(
            description = "Of the mapping made or moved; else null",
            example = "0x7f0000000000",
            nullable = true)
        @Nullable String address,
    @Schema(
            description = "Null if no translation had to be invalidated",
            example = "host-1.42",
            nullable = true)
        @Nullable String fenceId,
    @Schema(description = "Phase A: telling the devices; in microseconds", example = "35.0")
        double scheduleMicros,
    @Schema(description = "Phase B: unmapping meanwhile; in microseconds", example = "12.0")
        double unmapMicros,
    @Schema(description = "Phase C: waiting for the fences; in microseconds", example = "640.0")
        double waitMicros,
    @Schema(description = "Devices that had something to drain", example = "2")
        long fencesWaited) {}
