package dev.fenceline.host.engine.migration;

import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.DeviceId;
import java.util.TreeMap;

/**
 * The memory of one device of one boot of an agent, and the pages of address spaces that are in it.
 * Confined to the shard.
 *
 * <p>Legal transitions: ATTACHED -> ORPHANED (the session ended) -> ATTACHED (the same boot came
 * back), ORPHANED -> LOST (it did not in time, left, or started anew).
 */
public final class DeviceOwner {
  /** Where it stands. */
  public enum State {
    ATTACHED,
    /** Its agent may come back with its pages. */
    ORPHANED,
    /** What was there is gone for good. */
    LOST
  }

  private final DeviceId device;
  private final long bootToken;
  private final DeviceDescription description;
  private final String ownerGroup;
  private final String peerTarget;

  /** Device pages by local page. */
  private final TreeMap<Integer, Integer> pages = new TreeMap<>();

  private State state = State.ATTACHED;
  private long sessionId;
  private long orphanedSinceNanos;
  private boolean closing;

  public DeviceOwner(
      DeviceId device, long bootToken, DeviceDescription description, String peerTarget) {
    this.device = device;
    this.bootToken = bootToken;
    this.description = description;
    this.ownerGroup = description.ownerGroupWithin(device.agentId());
    this.peerTarget = peerTarget;
  }

  public DeviceId device() {
    return device;
  }

  public long bootToken() {
    return bootToken;
  }

  public DeviceDescription description() {
    return description;
  }

  public String peerTarget() {
    return peerTarget;
  }

  public State state() {
    return state;
  }

  public boolean attached() {
    return state == State.ATTACHED;
  }

  /** The session to speak to; 0 unless attached. */
  public long sessionId() {
    return sessionId;
  }

  /** When its session ended; counts while it is orphaned. */
  public long orphanedSinceNanos() {
    return orphanedSinceNanos;
  }

  /** Whether nothing may migrate to it any more. */
  public boolean closing() {
    return closing;
  }

  public void close() {
    closing = true;
  }

  /** Pages may migrate to it again. */
  public void reopen() {
    closing = false;
  }

  /** Device pages by local page, ascending. */
  public TreeMap<Integer, Integer> pages() {
    return pages;
  }

  /** Whether the other device may use this one's memory as it is. */
  public boolean sharesWith(DeviceOwner other) {
    boolean reachable = device.agentId().equals(other.device.agentId()) || !peerTarget.isEmpty();
    return reachable && ownerGroup.equals(other.ownerGroup);
  }

  /** Whether CPUs use its memory as it is, now: nothing has to come home for them. */
  public boolean openToCpus() {
    return attached() && description.coherent() && !peerTarget.isEmpty();
  }

  /** Whether any other device may use its memory as it is, now, whatever its owner group. */
  public boolean openTo(DeviceId other) {
    return attached()
        && description.coherent()
        && (device.agentId().equals(other.agentId()) || !peerTarget.isEmpty());
  }

  void attach(long newSessionId) {
    state = State.ATTACHED;
    sessionId = newSessionId;
    closing = false;
  }

  void orphan(long nowNanos) {
    state = State.ORPHANED;
    sessionId = 0;
    orphanedSinceNanos = nowNanos;
  }

  void lose() {
    state = State.LOST;
    sessionId = 0;
  }
}
