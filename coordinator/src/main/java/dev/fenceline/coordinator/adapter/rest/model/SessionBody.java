package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** What one logs in with; immutable. */
@Schema(description = "What one logs in with")
public record SessionBody(
    @Schema(requiredMode = Schema.RequiredMode.REQUIRED, maxLength = 8192) @Nullable String token) {
  /** Never shows the token. */
  @Override
  public String toString() {
    return "SessionBody";
  }
}
