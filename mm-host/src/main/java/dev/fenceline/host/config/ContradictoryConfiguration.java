package dev.fenceline.host.config;

import java.io.Serial;

/** Values that are not allowed, alone or together; ends the start. */
final class ContradictoryConfiguration extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  ContradictoryConfiguration(String message, Throwable cause) {
    super(message, cause);
  }
}
