package dev.fenceline.coordinator.adapter.access;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Who may use REST; immutable.
 *
 * @param tokensFile with mode STATIC
 * @param openMetrics what Prometheus reads needs no token
 * @param roleClaim with mode OIDC: the claim that holds roles, with dots into objects
 * @param requestsPerSecond per caller; 0 for no limit
 * @param burst requests that a caller may make at once
 */
public record AccessSettings(
    Mode mode,
    @Nullable Path tokensFile,
    boolean openMetrics,
    String roleClaim,
    int requestsPerSecond,
    int burst) {

  /** How callers are known; immutable. */
  public enum Mode {
    /** Tokens from a file. */
    STATIC,
    /** Tokens of an OpenID provider. */
    OIDC,
    /** Nobody is asked. */
    OFF
  }
}
