package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A program on a device; immutable. */
@Schema(description = "A program on a device")
public record ProgramView(
    @Schema(description = "agentId.number", example = "agent-1.7") String id,
    @Schema(example = "agent-1/0") String device,
    String agentId,
    String hostId,
    @Schema(example = "host-1.1") String addressSpaceId,
    @Schema(example = "fill") String kind,
    @Schema(allowableValues = {"queued", "running", "done", "failed", "cancelled"}) String state,
    @Schema(nullable = true) @Nullable Instant submittedAt,
    @Schema(nullable = true) @Nullable Instant startedAt,
    @Schema(nullable = true) @Nullable Instant endedAt,
    @Schema(description = "So far", example = "500") long operationsDone,
    @Schema(description = "0 if not known", example = "1000") long operationsTotal,
    @Schema(description = "The fault that it waits for; null if it does not", nullable = true)
        @Nullable String waitsAtAddress,
    @Schema(
            description = "How long it has waited for other programs; in microseconds",
            example = "0.0")
        double waitsElapsedMicros,
    @Schema(description = "Null until it has ended", nullable = true) @Nullable Result result) {

  /** What came of it; immutable. */
  @Schema(name = "ProgramResult")
  public record Result(
      @Schema(description = "Null if it succeeded", example = "EFAULT", nullable = true)
          @Nullable String errno,
      String message,
      @Schema(nullable = true) @Nullable String faultAddress,
      @Schema(
              description = "How long it took; so far, while it lasts; in microseconds",
              example = "850.0")
          double elapsedMicros,
      @Schema(description = "Operations that it did", example = "1000") long operations,
      @Schema(description = "Faults, since the start", example = "4096") long faults,
      @Schema(
              description = "Faults that were asked again, since the answer came too late",
              example = "12")
          long faultRetries,
      @Schema(description = "checksum: sum of all words") String sum,
      @Schema(description = "checksum: CRC-32C of the bytes") String crc32c,
      @Schema(description = "pointer-chase: where it ended; atomic-add: the first value seen")
          String value) {}

  /** A page of the list of programs; immutable. */
  @Schema(name = "ProgramPage", description = "Newest first, over all agents that answered")
  public record Page(
      List<ProgramView> items,
      @Schema(description = "Null when this is the last page", nullable = true)
          @Nullable String nextCursor,
      @Schema(description = "More follow, but from too many agents for a cursor: ask by `device`")
          boolean truncated,
      @Schema(description = "Agents whose programs are missing here")
          List<UnavailableHost> unavailableAgents) {}
}
