package dev.fenceline.coordinator.config;

import dev.fenceline.security.SecurityRefusal;
import dev.fenceline.security.boot.EndsStart;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** Values that are each fine and cannot be together; ends the start. */
final class ContradictoryConfiguration extends RuntimeException implements EndsStart {
  @Serial private static final long serialVersionUID = 1L;

  private final String remedy;

  /**
   * @param remedy what to do, in one sentence
   */
  ContradictoryConfiguration(String message, String remedy) {
    this(message, remedy, null);
  }

  ContradictoryConfiguration(String message, String remedy, @Nullable Throwable cause) {
    super(message, cause);
    this.remedy = remedy;
  }

  String remedy() {
    return remedy;
  }

  @Override
  public int exitCode() {
    return SecurityRefusal.EXIT_CODE; // one code for whatever is wrong with the settings
  }
}
