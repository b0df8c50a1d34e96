package dev.fenceline.model;

/** What a mapping permits; immutable. NONE is PROT_NONE. */
public record Protection(boolean read, boolean write, boolean execute) {
  public static final Protection NONE = new Protection(false, false, false);
  public static final Protection READ = new Protection(true, false, false);
  public static final Protection READ_WRITE = new Protection(true, true, false);

  /** True if everything that {@code other} permits is permitted here too. */
  public boolean covers(Protection other) {
    return (read || !other.read) && (write || !other.write) && (execute || !other.execute);
  }

  @Override
  public String toString() {
    return (read ? "r" : "-") + (write ? "w" : "-") + (execute ? "x" : "-");
  }
}
