package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** What a new address space is to be like; immutable. */
@Schema(description = "A new address space")
public record CreateSpaceBody(
    @Schema(
            description = "Where; needed when there are several hosts",
            example = "host-1",
            nullable = true)
        @Nullable String hostId,
    @Schema(
            description = "For people; at most 128 characters",
            example = "scratch",
            maxLength = 128)
        @Nullable String name,
    @Schema(
            description = "Default: the host's policy",
            allowableValues = {"split", "sequential"},
            nullable = true)
        @Nullable String notificationMode,
    @Schema(
            description =
                "Thousandths of the host's memory by which it counts as larger when somebody has to be"
                    + " killed for want of memory; -1000: never; default 0",
            minimum = "-1000",
            maximum = "1000",
            example = "0",
            nullable = true)
        @Nullable Integer oomScoreAdjust) {}
