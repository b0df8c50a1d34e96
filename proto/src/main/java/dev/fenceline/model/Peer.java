package dev.fenceline.model;

/**
 * A device whose memory another device may use; immutable.
 *
 * @param target where its agent serves its memory, host:port; may be empty within one agent
 */
public record Peer(DeviceId device, String target) {}
