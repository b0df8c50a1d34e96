package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;

/** What the registry knows of any node; immutable. */
@Schema(description = "Registration and health of a node")
public record NodeInfo(
    @Schema(allowableValues = {"live", "suspect", "lost", "left"}) String state,
    @Schema(description = "Why it is in this state", example = "registered") String reason,
    @Schema(description = "When it entered this state") Instant since,
    @Schema(example = "0x9c1185a5c5e9fc54") String bootToken,
    @Schema(description = "host:port of its gRPC server", example = "10.0.0.7:9091")
        String endpoint,
    @Schema(description = "host:port of its HTTP port, or empty", example = "10.0.0.7:8081")
        String httpEndpoint,
    @Schema(description = "When this process of the node was first heard of") Instant registeredAt,
    @Schema(description = "Time since its last report; in milliseconds", example = "400")
        long silentMillis) {}
