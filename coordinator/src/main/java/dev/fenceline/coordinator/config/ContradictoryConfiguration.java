package dev.fenceline.coordinator.config;

import dev.fenceline.security.SecurityRefusal;
import java.io.Serial;
import org.springframework.boot.ExitCodeGenerator;

/** Values that are each fine and cannot be together; ends the start. */
final class ContradictoryConfiguration extends RuntimeException implements ExitCodeGenerator {
  @Serial private static final long serialVersionUID = 1L;

  ContradictoryConfiguration(String message, Throwable cause) {
    super(message, cause);
  }

  @Override
  public int getExitCode() {
    return SecurityRefusal.EXIT_CODE; // one code for whatever is wrong with the settings
  }
}
