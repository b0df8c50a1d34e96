package dev.fenceline.model;

/**
 * A device whose memory another device may use; immutable.
 *
 * @param target where its agent serves its memory, host:port; may be empty within one agent
 * @param coherent whether everybody may, CPUs as well
 */
public record Peer(DeviceId device, String target, boolean coherent) {
  /** A device of the owner group. */
  public Peer(DeviceId device, String target) {
    this(device, target, false);
  }
}
