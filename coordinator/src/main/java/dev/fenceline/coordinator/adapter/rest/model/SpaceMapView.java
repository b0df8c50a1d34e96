package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/** An interval of an address space in cells; immutable. */
@Schema(description = "An interval of an address space cut into cells of equal size")
public record SpaceMapView(
    @Schema(example = "host-1.1") String addressSpaceId,
    @Schema(example = "0x7f0000000000") String start,
    @Schema(example = "0x7f0000100000") String end,
    @Schema(description = "Pages per cell; the last cell may be cut", example = "64")
        long cellPages,
    @Schema(description = "Of the address space when the host read this", example = "42")
        long sequence,
    @Schema(description = "Devices that hold or mirror anything here") List<Device> devices,
    @Schema(description = "Cells with anything mapped, ascending") List<Cell> cells) {

  /** A device in the picture; immutable. */
  @Schema(name = "SpaceMapDevice")
  public record Device(
      @Schema(example = "agent-1/0") String device,
      String deviceName,
      @Schema(description = "Pages of the interval whose translation it holds", example = "8")
          long heldPages) {}

  /** One cell; immutable. */
  @Schema(name = "SpaceMapCell")
  public record Cell(
      @Schema(description = "Begins at start + index * cellPages * 4096", example = "0") int index,
      String start,
      @Schema(description = "Pages that are mapped", example = "512") long mappedPages,
      @Schema(description = "Pages that have a frame", example = "12") long residentPages,
      @Schema(description = "Pages that an invalidation holds", example = "0")
          long invalidatingPages,
      @Schema(description = "Positions in `devices`; at most 16") List<Integer> holders,
      @Schema(description = "Of all holders", example = "2") long holderCount) {}
}
