package dev.fenceline.host.config;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Pattern;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * What an operator sets below {@code fenceline.host.tracing}; immutable.
 *
 * @param endpoint where OTLP over HTTP is taken; empty: nothing is traced
 * @param samplingRatio share of invalidations that are traced if their caller says nothing
 */
@Validated
@ConfigurationProperties("fenceline.host.tracing")
public record HostTracingProperties(
    @DefaultValue("") @Pattern(regexp = "https?://\\S+|", message = "must be a http(s) URL")
        String endpoint,
    @DefaultValue("0.01") @DecimalMin("0.0") @DecimalMax("1.0") double samplingRatio) {}
