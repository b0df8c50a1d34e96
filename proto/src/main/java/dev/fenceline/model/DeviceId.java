package dev.fenceline.model;

/** One device of one agent, or the host's CPU TLBs; immutable. */
public record DeviceId(String agentId, int deviceIndex) implements Comparable<DeviceId> {
  /** The host's own CPU TLBs, a participant like a device (A3). */
  public static final DeviceId CPU = new DeviceId("cpu", 0);

  @Override
  public int compareTo(DeviceId other) {
    int byAgent = agentId.compareTo(other.agentId);
    return byAgent != 0 ? byAgent : Integer.compare(deviceIndex, other.deviceIndex);
  }

  @Override
  public String toString() {
    return agentId + "/" + deviceIndex;
  }
}
