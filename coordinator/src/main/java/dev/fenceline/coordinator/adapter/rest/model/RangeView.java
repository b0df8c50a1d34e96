package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A mapping, or the part of it that was asked for; immutable. */
@Schema(description = "A mapping, or the part of it that was asked for")
public record RangeView(
    @Schema(example = "0x7f0000000000") String start,
    @Schema(description = "First byte behind the range", example = "0x7f0000004000") String end,
    @Schema(description = "Pages of 4 KiB", example = "16") long pages,
    @Schema(description = "As in /proc/PID/maps", example = "rw-") String protection,
    boolean shared,
    @Schema(example = "anonymous") String backing,
    @Schema(description = "Offset in the backing", example = "0x0") String offset,
    @Schema(
            description = "invalidating: at least one page is; else whether its pages have frames",
            allowableValues = {"invalidating", "resident", "partly-resident", "not-resident"})
        String state,
    @Schema(description = "Pages that have a frame", example = "12") long residentPages,
    @Schema(description = "Pages that an invalidation holds", example = "0") long invalidatingPages,
    @Schema(description = "The greatest of its pages", example = "7") long generation,
    List<HolderView> holders) {

  /** A participant that mirrors or holds part of a range or page; immutable. */
  @Schema(
      name = "RangeHolder",
      description = "A device that mirrors the range or holds translations of it")
  public record HolderView(
      @Schema(description = "agentId/index; cpu/0 for the host's own TLBs", example = "agent-1/0")
          String device,
      String deviceName,
      @Schema(description = "A mirror of it covers part of the range") boolean mirrors,
      @Schema(description = "Pages whose translation it holds", example = "8") long heldPages) {}

  /** A page of the list of ranges; immutable. */
  @Schema(name = "RangePage", description = "Ranges by address")
  public record Page(
      @Schema(example = "host-1.1") String addressSpaceId,
      @Schema(
              description = "Sequence of the address space when the host read this page",
              example = "42")
          long sequence,
      List<RangeView> items,
      @Schema(description = "Null when this is the last page", nullable = true)
          @Nullable String nextCursor) {}
}
