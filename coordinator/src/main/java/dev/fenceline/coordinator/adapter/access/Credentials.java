package dev.fenceline.coordinator.adapter.access;

import java.util.Optional;

/** Knows callers by what they show. Thread-safe. */
public interface Credentials {
  /**
   * What a token is worth.
   *
   * @throws ProviderUnreachable if nobody can tell at the moment
   */
  Optional<Known> check(String token);

  /**
   * A caller and for how long he is known.
   *
   * @param untilMillis wall clock, milliseconds since the epoch
   */
  record Known(Caller caller, long untilMillis) {}

  /** Who could tell does not answer. */
  final class ProviderUnreachable extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ProviderUnreachable(Throwable cause) {
      super("the identity provider does not answer", cause);
    }
  }
}
