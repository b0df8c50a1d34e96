package dev.fenceline.model;

/**
 * What an agent says of one of its devices; immutable.
 *
 * @param memoryPages pages of memory of its own; 0 if none
 * @param ownerGroup devices of one group use each other's memory; empty for a group of its own
 * @param coherent CPUs can use its memory as it is
 */
public record DeviceDescription(
    int index, String name, int units, int memoryPages, String ownerGroup, boolean coherent) {
  /** Most pages of memory that a device may have. */
  public static final int MAX_MEMORY_PAGES = (1 << 27) - 1;

  /** A device without memory. */
  public DeviceDescription(int index, String name, int units) {
    this(index, name, units, 0, "", false);
  }

  /** The owner group, also of a device that named none. */
  public String ownerGroupWithin(String agentId) {
    return ownerGroup.isEmpty() ? agentId + "/" + index : ownerGroup;
  }
}
