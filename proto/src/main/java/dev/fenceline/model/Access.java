package dev.fenceline.model;

/** What a fault asks for; immutable. */
public enum Access {
  READ,
  WRITE,
  /** Report what is there, fault nothing in. */
  SNAPSHOT;

  /** True if serving {@code this} also serves {@code other}. */
  public boolean covers(Access other) {
    return this == other || (this == WRITE && other == READ);
  }
}
