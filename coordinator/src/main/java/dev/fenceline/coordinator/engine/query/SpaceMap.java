package dev.fenceline.coordinator.engine.query;

import dev.fenceline.model.DeviceId;
import java.util.List;

/**
 * An interval of an address space cut into cells of equal size, for a picture; immutable.
 *
 * @param cellPages pages per cell; the last cell may be cut
 * @param cells those with anything mapped, ascending
 */
public record SpaceMap(
    long start, long end, long cellPages, long sequence, List<Device> devices, List<Cell> cells) {
  public SpaceMap {
    devices = List.copyOf(devices);
    cells = List.copyOf(cells);
  }

  /** A device that holds or mirrors anything in the interval; immutable. */
  public record Device(DeviceId device, String deviceName, long heldPages) {}

  /**
   * One cell; immutable.
   *
   * @param holders positions in {@link SpaceMap#devices}, not all of them
   * @param holderCount of all holders
   */
  public record Cell(
      int index,
      long mappedPages,
      long residentPages,
      long invalidatingPages,
      List<Integer> holders,
      long holderCount) {
    public Cell {
      holders = List.copyOf(holders);
    }
  }
}
