package dev.fenceline.model;

/** What an agent says of one of its devices; immutable. */
public record DeviceDescription(int index, String name, int units) {}
