package dev.fenceline.coordinator.engine.query;

import dev.fenceline.model.DeviceId;

/**
 * A participant that a page or range concerns; immutable.
 *
 * @param mirrors a mirror of it covers part of the range
 * @param heldPages pages of the range whose translation it holds
 */
public record Holder(DeviceId device, String deviceName, boolean mirrors, long heldPages) {}
