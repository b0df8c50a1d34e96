package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A block that several parties want; immutable. */
@Schema(description = "A block of 2 MiB that several parties want, and what is done about it")
public record ContentionView(
    @Schema(example = "0x7f0000000000") String start,
    @Schema(description = "Exclusive", example = "0x7f0000200000") String end,
    @Schema(
            description = "Answers in a row that came too late for a fault, at worst",
            example = "4")
        long worstCollisions,
    @Schema(description = "Turns that were given to devices", example = "12") long turns,
    @Schema(description = "Who got the last one", example = "agent-1/0", nullable = true)
        @Nullable String lastTurn,
    @Schema(description = "0 if no turn runs; in microseconds", example = "0.0")
        double turnLeftMicros,
    @Schema(description = "An operation is next: no device gets a turn") boolean hostsTurn,
    @Schema(description = "Operations that waited for turns", example = "3") long heldOperations,
    @Schema(description = "The longest turn so far; in microseconds", example = "2400.0")
        double longestTurnMicros,
    @Schema(description = "Pages that went from one party to another", example = "120") long moves,
    @Schema(
            description = "Waits that were imposed on who wanted a page that had just moved",
            example = "8")
        long naps,
    @Schema(description = "How often a page was kept at the host for a while", example = "1")
        long pins,
    @Schema(description = "Pages that are wanted back and forth now", example = "2")
        long thrashingPages,
    @Schema(description = "Pages that are kept at the host now", example = "1") long pinnedPages,
    @Schema(description = "Until the last of them is let go; in microseconds", example = "800.0")
        double pinnedLeftMicros) {

  /** A page of the list; immutable. */
  @Schema(name = "ContentionPage", description = "Contended blocks, by address")
  public record Page(
      @Schema(example = "host-1.1") String addressSpaceId,
      List<ContentionView> items,
      @Schema(description = "Null when this is the last page", nullable = true)
          @Nullable String nextCursor) {}
}
