package dev.fenceline.security;

import java.io.Serial;

/** A security setting or a file that cannot be used; ends the start of a service. Immutable. */
public final class SecurityRefusal extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /** How the process ends: EX_CONFIG of sysexits, for every refusal of this kind. */
  public static final int EXIT_CODE = 78;

  private final String action;

  /**
   * @param message what is wrong, naming the property or file
   * @param action what to do about it
   */
  public SecurityRefusal(String message, String action) {
    super(message);
    this.action = action;
  }

  public String action() {
    return action;
  }
}
