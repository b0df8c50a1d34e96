package dev.fenceline.security.boot;

import dev.fenceline.security.SecurityRefusal;
import java.io.Serial;
import java.util.function.Supplier;

/** Carries a refusal out of the start of a service, so that the process ends with its code. */
final class RefusedStart extends RuntimeException implements EndsStart {
  @Serial private static final long serialVersionUID = 1L;

  private RefusedStart(SecurityRefusal refusal) {
    super(refusal.getMessage(), refusal);
  }

  static <T> T unlessRefused(Supplier<T> step) {
    try {
      return step.get();
    } catch (SecurityRefusal refusal) {
      throw new RefusedStart(refusal);
    }
  }

  @Override
  public int exitCode() {
    return SecurityRefusal.EXIT_CODE;
  }
}
