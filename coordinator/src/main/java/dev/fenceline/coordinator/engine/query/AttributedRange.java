package dev.fenceline.coordinator.engine.query;

import dev.fenceline.model.RangeAttributes;

/** A range and what is wished of it, half-open; immutable. */
public record AttributedRange(long start, long end, RangeAttributes attributes) {}
