package dev.fenceline.coordinator.config;

import dev.fenceline.coordinator.adapter.access.AccessSettings;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/** What can be configured of REST, below {@code fenceline.rest}; immutable. */
@Validated
@ConfigurationProperties("fenceline.rest")
public record RestProperties(@Valid @DefaultValue Auth auth, @Valid @DefaultValue Limits limits) {

  /**
   * Who may use it; immutable.
   *
   * @param mode if absent: static if there is a tokens file, else oidc if there is an issuer, else
   *     off
   * @param allowOpenNetwork lets mode off bind addresses that are not loopback
   * @param openMetrics what Prometheus reads needs no token
   */
  public record Auth(
      AccessSettings.@Nullable Mode mode,
      @Nullable Path tokensFile,
      @DefaultValue("false") boolean allowOpenNetwork,
      @DefaultValue("false") boolean openMetrics,
      @DefaultValue("roles") @NotBlank String roleClaim) {}

  /**
   * How much one caller may ask; immutable.
   *
   * @param requestsPerSecond 0 is no limit; if absent, 500, but none with mode off
   */
  public record Limits(
      @Nullable @Min(0) @Max(1_000_000) Integer requestsPerSecond,
      @DefaultValue("1000") @Min(1) @Max(1_000_000) int burst) {}
}
