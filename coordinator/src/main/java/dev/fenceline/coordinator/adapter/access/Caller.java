package dev.fenceline.coordinator.adapter.access;

import java.security.Principal;
import java.util.Objects;

/** Who asks; immutable. */
public record Caller(String name, Role role) implements Principal {
  /** Whoever reaches a coordinator that asks nobody who he is. */
  static final Caller ANYBODY = new Caller("anybody", Role.ADMIN);

  public Caller {
    Objects.requireNonNull(name);
  }

  @Override
  public String getName() {
    return name;
  }
}
