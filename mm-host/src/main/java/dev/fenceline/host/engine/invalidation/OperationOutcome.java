package dev.fenceline.host.engine.invalidation;

import dev.fenceline.host.engine.migration.SkippedPages;
import dev.fenceline.model.Errno;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How an operation ended; immutable. */
public sealed interface OperationOutcome {
  /**
   * The operation took effect.
   *
   * @param value address mapped or moved to, end of the heap, id of the space made, or number of
   *     pages that moved
   * @param skipped pages that a migration left where they were
   */
  record Done(long value, Timing timing, List<SkippedPages> skipped) implements OperationOutcome {
    /** Of an operation that skips nothing. */
    public Done(long value, Timing timing) {
      this(value, timing, List.of());
    }
  }

  /** A fence had still to wait; entries were restored, nothing else changed. */
  record BackedOff(Timing timing) implements OperationOutcome {}

  /** Refused; the state is unchanged. */
  record Refused(Errno errno, String message, @Nullable Long address) implements OperationOutcome {}

  /**
   * How long the phases took.
   *
   * @param invalidationId 0 if no translation had to be invalidated
   * @param fencesWaited participants that held translations
   */
  record Timing(
      long invalidationId, long scheduleNanos, long unmapNanos, long waitNanos, int fencesWaited) {
    /** Of an operation that needed no invalidation. */
    public static final Timing NONE = new Timing(0, 0, 0, 0, 0);
  }
}
