package dev.fenceline.coordinator.engine.event;

import dev.fenceline.model.DeviceId;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An event before it has its number; immutable.
 *
 * @param atMillis wall clock of whoever saw it, milliseconds since the epoch
 * @param spaceId the host's; 0 for none
 * @param invalidationId the host's; 0 for none
 * @param actor who did it, if a person did
 * @param message one sentence for a person
 * @param lostByKind of {@link EventKind#HOST_EVENTS_LOST}, how many of each kind; those that the
 *     host does not tell apart any more are in no kind
 */
public record EventDraft(
    long atMillis,
    EventKind kind,
    @Nullable String hostId,
    @Nullable String agentId,
    @Nullable DeviceId device,
    long spaceId,
    long invalidationId,
    @Nullable String actor,
    String message,
    Map<EventKind, Long> lostByKind) {
  public EventDraft {
    lostByKind = Collections.unmodifiableMap(new TreeMap<>(lostByKind));
  }

  /** An event of any other kind. */
  public EventDraft(
      long atMillis,
      EventKind kind,
      @Nullable String hostId,
      @Nullable String agentId,
      @Nullable DeviceId device,
      long spaceId,
      long invalidationId,
      @Nullable String actor,
      String message) {
    this(
        atMillis,
        kind,
        hostId,
        agentId,
        device,
        spaceId,
        invalidationId,
        actor,
        message,
        Collections.emptySortedMap());
  }

  /** Events of a host that nobody will see. */
  public static EventDraft lost(
      long atMillis, String hostId, long lost, Map<EventKind, Long> byKind) {
    String message = lost + " events of host " + hostId + " are lost: it keeps no more";
    return new EventDraft(
        atMillis, EventKind.HOST_EVENTS_LOST, hostId, null, null, 0, 0, null, message, byKind);
  }

  /** An event of the coordinator itself. */
  public static EventDraft ofCoordinator(long atMillis, EventKind kind, String message) {
    return new EventDraft(atMillis, kind, null, null, null, 0, 0, null, message);
  }
}
