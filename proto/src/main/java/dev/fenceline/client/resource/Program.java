package dev.fenceline.client.resource;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A program on a device; immutable.
 *
 * @param id {@code agentId.n}
 * @param state {@code queued}, {@code running}, {@code done}, {@code failed} or {@code cancelled}
 * @param operationsTotal 0 if not known
 * @param waitsAtAddress the fault that it waits for; null if it does not
 * @param result null until it has ended
 */
public record Program(
    String id,
    String device,
    String agentId,
    String hostId,
    String addressSpaceId,
    String kind,
    String state,
    @Nullable Instant submittedAt,
    @Nullable Instant startedAt,
    @Nullable Instant endedAt,
    long operationsDone,
    long operationsTotal,
    @Nullable String waitsAtAddress,
    double waitsElapsedMicros,
    @Nullable Result result) {

  /** Whether nothing more will come of it. */
  public boolean ended() {
    return result != null || state.equals("cancelled");
  }

  /**
   * What came of it; immutable.
   *
   * @param errno null if it succeeded
   * @param sum of a checksum: of all words
   * @param crc32c of a checksum: CRC-32C of the bytes
   * @param value where a pointer chase ended; the first value that an atomic-add saw
   */
  public record Result(
      @Nullable String errno,
      String message,
      @Nullable String faultAddress,
      double elapsedMicros,
      long operations,
      long faults,
      long faultRetries,
      String sum,
      String crc32c,
      String value) {}
}
