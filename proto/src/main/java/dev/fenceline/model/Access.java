package dev.fenceline.model;

/** What a fault asks for; immutable. */
public enum Access {
  READ,
  WRITE,
  /** Report what is there, fault nothing in. */
  SNAPSHOT,
  /** As WRITE, and nobody else can reach the page until it is invalidated. */
  EXCLUSIVE;

  /** Whether the page must be writable. */
  public boolean writes() {
    return this == WRITE || this == EXCLUSIVE;
  }

  /** True if serving {@code this} also serves {@code other}. */
  public boolean covers(Access other) {
    return this == other
        || (this == WRITE && other == READ)
        || (this == EXCLUSIVE && (other == READ || other == WRITE));
  }
}
