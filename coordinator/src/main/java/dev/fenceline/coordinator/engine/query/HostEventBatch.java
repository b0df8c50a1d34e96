package dev.fenceline.coordinator.engine.query;

import dev.fenceline.coordinator.engine.event.EventKind;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Some events of a host; immutable.
 *
 * @param lostByKind of those that are lost, how many of each kind, as far as the host still knows
 * @param lost between what was asked for, or the batch before, and the first one here
 */
public record HostEventBatch(
    long hostEpoch,
    long lost,
    Map<EventKind, Long> lostByKind,
    List<HostEvent> events,
    long newestNumber) {
  public HostEventBatch {
    lostByKind = Collections.unmodifiableMap(new TreeMap<>(lostByKind));
    events = List.copyOf(events);
  }
}
