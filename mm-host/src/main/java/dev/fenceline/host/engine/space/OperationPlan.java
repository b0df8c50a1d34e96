package dev.fenceline.host.engine.space;

import dev.fenceline.model.Errno;
import dev.fenceline.model.InvalidationKind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an operation would do to an address space as it is now; immutable. */
public sealed interface OperationPlan {
  /** It cannot be done; nothing changed. */
  record Refused(Errno errno, String message, @Nullable Long address) implements OperationPlan {}

  /**
   * It can be done.
   *
   * @param footprint pages that it needs for itself; empty if none
   * @param resolved the operation with every choice made, such as where a remap moves to
   */
  record Ready(List<Footprint> footprint, SpaceOperation resolved) implements OperationPlan {}

  /**
   * Pages [vpnStart, vpnEnd) that an operation takes.
   *
   * @param invalidated true if their translations must be invalidated first, false if they are only
   *     kept free of other operations
   */
  record Footprint(long vpnStart, long vpnEnd, InvalidationKind kind, boolean invalidated) {
    public boolean overlaps(long otherStart, long otherEnd) {
      return vpnStart < otherEnd && otherStart < vpnEnd;
    }
  }

  /** What became of carrying it out. */
  sealed interface Application {}

  /**
   * Done.
   *
   * @param value address mapped or moved to, or end of the heap
   */
  record Applied(long value) implements Application {}

  /** Not done, nothing changed. */
  record NotApplied(Errno errno, String message) implements Application {}
}
