package dev.fenceline.coordinator.engine.query;

import dev.fenceline.model.DeviceId;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.InvalidationKind;
import dev.fenceline.model.NotificationMode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One pass A-B-C over [start, end), pending or from the host's history; immutable.
 *
 * @param startedAtMillis the host's wall clock, milliseconds since the epoch
 * @param waitNanos so far, while pending
 */
public record Invalidation(
    long invalidationId,
    long spaceId,
    long start,
    long end,
    InvalidationKind kind,
    NotificationMode notificationMode,
    State state,
    long sequence,
    long startedAtMillis,
    long scheduleNanos,
    long unmapNanos,
    long waitNanos,
    List<Fence> fences) {
  public Invalidation {
    fences = List.copyOf(fences);
  }

  /** Where the invalidation stands; immutable. */
  public enum State {
    QUEUED(true),
    SCHEDULED(true),
    WAITING(true),
    COMPLETED(false),
    BACKED_OFF(false);

    private final boolean pending;

    State(boolean pending) {
      this.pending = pending;
    }

    public boolean isPending() {
      return pending;
    }
  }

  /**
   * One participant's duty; immutable.
   *
   * @param resolution null while pending
   * @param elapsedNanos from schedule to resolution; so far, while pending
   * @param diagnosis the host's words on a pending fence, or empty
   */
  public record Fence(
      DeviceId device,
      String deviceName,
      @Nullable FenceResolution resolution,
      long elapsedNanos,
      String diagnosis) {}
}
