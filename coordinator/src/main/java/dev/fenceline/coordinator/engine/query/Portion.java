package dev.fenceline.coordinator.engine.query;

import java.util.List;

/**
 * Some of a longer list; immutable.
 *
 * @param next where to go on, in the host's terms; 0 when there is no more
 * @param sequence of the address space when this was read; 0 if there is none
 */
public record Portion<T>(List<T> items, long next, long sequence) {
  public Portion {
    items = List.copyOf(items);
  }
}
