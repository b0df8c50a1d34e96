package dev.fenceline.host.engine.shard;

/**
 * What becomes of those who need a frame when the host has none left and none can be got;
 * immutable.
 *
 * @param policy who pays
 * @param totalPages frames and swap slots of the whole host: what a score adjustment is a share of
 */
public record OomConfig(Policy policy, long totalPages) {
  /** Nobody is killed. */
  public static final OomConfig REFUSE = new OomConfig(Policy.REFUSE, 0);

  /** Who pays for it that no frame is left. */
  public enum Policy {
    /** Who asks for one is refused. */
    REFUSE,
    /** The address space with the greatest score loses its memory. */
    KILL
  }

  public OomConfig {
    if (totalPages < 0) {
      throw new IllegalArgumentException(totalPages + " pages: must not be negative");
    }
  }

  boolean kills() {
    return policy == Policy.KILL;
  }
}
