package dev.fenceline.agent.engine;

/** One device's view of one address space; immutable. */
record DeviceSpace(long spaceId, int deviceIndex) implements Comparable<DeviceSpace> {
  @Override
  public int compareTo(DeviceSpace other) {
    int bySpace = Long.compare(spaceId, other.spaceId);
    return bySpace != 0 ? bySpace : Integer.compare(deviceIndex, other.deviceIndex);
  }
}
