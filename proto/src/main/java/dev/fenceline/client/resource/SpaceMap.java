package dev.fenceline.client.resource;

import java.util.List;

/**
 * An interval of an address space cut into cells of equal size; immutable.
 *
 * @param cellPages pages per cell; the last cell may be cut
 * @param cells those with anything mapped, ascending
 */
public record SpaceMap(
    String addressSpaceId,
    String start,
    String end,
    long cellPages,
    long sequence,
    List<Holder> devices,
    List<Cell> cells) {

  /** A device in the picture; immutable. */
  public record Holder(String device, String deviceName, long heldPages) {}

  /**
   * One cell; immutable.
   *
   * @param holders positions in {@code devices}, at most 16
   * @param holderCount of all holders
   */
  public record Cell(
      int index,
      String start,
      long mappedPages,
      long residentPages,
      long invalidatingPages,
      List<Integer> holders,
      long holderCount) {}
}
