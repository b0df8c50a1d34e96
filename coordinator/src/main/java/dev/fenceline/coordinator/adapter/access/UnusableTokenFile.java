package dev.fenceline.coordinator.adapter.access;

import dev.fenceline.security.SecurityRefusal;
import dev.fenceline.security.boot.EndsStart;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** The file with the tokens cannot be used; its message says why, and never shows a token. */
public final class UnusableTokenFile extends RuntimeException implements EndsStart {
  @Serial private static final long serialVersionUID = 1L;

  UnusableTokenFile(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  @Override
  public int exitCode() {
    return SecurityRefusal.EXIT_CODE;
  }
}
