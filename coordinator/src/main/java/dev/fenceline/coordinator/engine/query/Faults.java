package dev.fenceline.coordinator.engine.query;

import java.util.List;

/**
 * Faults at a host, oldest first; immutable.
 *
 * @param total of all that are under way, also those that are not listed
 */
public record Faults(List<Fault> items, long total) {
  public Faults {
    items = List.copyOf(items);
  }
}
