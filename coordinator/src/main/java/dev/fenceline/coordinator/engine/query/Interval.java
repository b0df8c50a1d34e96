package dev.fenceline.coordinator.engine.query;

/** A filter: only what intersects [start, end); immutable. */
public record Interval(long start, long end) {}
