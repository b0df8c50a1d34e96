package dev.fenceline.coordinator.engine.query;

import java.util.List;

/**
 * Some events of a host; immutable.
 *
 * @param lost between what was asked for, or the batch before, and the first one here
 */
public record HostEventBatch(long hostEpoch, long lost, List<HostEvent> events, long newestNumber) {
  public HostEventBatch {
    events = List.copyOf(events);
  }
}
