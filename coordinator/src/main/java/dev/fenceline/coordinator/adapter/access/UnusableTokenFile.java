package dev.fenceline.coordinator.adapter.access;

import dev.fenceline.security.SecurityRefusal;
import java.io.Serial;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ExitCodeGenerator;

/** The file with the tokens cannot be used; its message says why, and never shows a token. */
public final class UnusableTokenFile extends RuntimeException implements ExitCodeGenerator {
  @Serial private static final long serialVersionUID = 1L;

  UnusableTokenFile(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  @Override
  public int getExitCode() {
    return SecurityRefusal.EXIT_CODE;
  }
}
