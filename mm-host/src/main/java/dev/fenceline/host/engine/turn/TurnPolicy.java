package dev.fenceline.host.engine.turn;

/**
 * When a device's fault gets a turn, and for how long; immutable. The numbers to begin with are
 * those of drm_gpusvm's timeslice, doubled at each retry, and of UVM's thrash detection.
 *
 * @param collisions of one fault after which its block gets a turn; 0: never
 * @param residencyNanos of the first turn; doubled with each further collision
 * @param longestNanos bound of a turn, however many devices ask for it
 * @param forgetNanos quiet after which a block is forgotten
 */
public record TurnPolicy(int collisions, long residencyNanos, long longestNanos, long forgetNanos) {
  public static final TurnPolicy DEFAULT = new TurnPolicy(3, 1_000_000, 50_000_000, 1_000_000_000);

  /** Nobody ever gets a turn: for experiments. */
  public static final TurnPolicy NONE = new TurnPolicy(0, 1, 1, 1);

  public TurnPolicy {
    if (collisions < 0
        || residencyNanos < 1
        || longestNanos < residencyNanos
        || forgetNanos < longestNanos) {
      throw new IllegalArgumentException(
          "turns: collisions %d, residency %d, longest %d, forget %d ns contradict each other"
              .formatted(collisions, residencyNanos, longestNanos, forgetNanos));
    }
  }

  /** How long the turn of a fault lasts that collided so often, and its frame stays at least. */
  public long residencyNanos(int collided) {
    int doublings = Math.min(Math.max(0, collided - collisions), 30);
    return Math.min(longestNanos, residencyNanos << doublings);
  }
}
