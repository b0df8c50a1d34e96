package dev.fenceline.host.config;

import dev.fenceline.security.SecurityRefusal;
import dev.fenceline.security.boot.EndsStart;
import java.io.Serial;

/** Values that are not allowed, alone or together; ends the start. */
final class ContradictoryConfiguration extends RuntimeException implements EndsStart {
  @Serial private static final long serialVersionUID = 1L;

  ContradictoryConfiguration(String message, Throwable cause) {
    super(message, cause);
  }

  @Override
  public int exitCode() {
    return SecurityRefusal.EXIT_CODE; // one code for whatever is wrong with the settings
  }
}
