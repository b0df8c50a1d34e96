package dev.fenceline.coordinator.engine.query;

import dev.fenceline.model.Protection;
import java.util.List;

/**
 * A mapping, or the part of it that was asked for: [start, end); immutable.
 *
 * @param generation the greatest of its pages
 */
public record Range(
    long start,
    long end,
    Protection protection,
    boolean shared,
    String backing,
    long offset,
    long residentPages,
    long invalidatingPages,
    long generation,
    List<Holder> holders) {
  public Range {
    holders = List.copyOf(holders);
  }
}
