package dev.fenceline.host.config;

import dev.fenceline.host.adapter.metrics.HostMeters;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * What an operator sets below {@code fenceline.host.metrics}; immutable.
 *
 * @param agentLabels how many agents are named in labels; 0: none, they are {@code other} together
 */
@Validated
@ConfigurationProperties("fenceline.host.metrics")
public record HostMetricsProperties(
    @DefaultValue("" + HostMeters.DEFAULT_AGENT_LABELS) @Min(0) @Max(100_000) int agentLabels) {}
