package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import java.util.Map;

/** An entry of Prometheus' http_sd format; immutable. */
@Schema(description = "http_sd: targets with labels")
public record ScrapeTarget(
    @Schema(example = "[\"10.0.0.7:8081\"]") List<String> targets, Map<String, String> labels) {}
