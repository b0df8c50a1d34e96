package dev.fenceline.model;

/**
 * One access of a device to a host's frames; immutable by convention (arrays are not copied). The
 * host checks epoch, session and the generation of every page before it touches a byte (INV-10).
 *
 * @param generations generation of each page touched, in order
 * @param data bytes to write; empty for other operations
 * @param migrationId the migration that moves these pages, or 0
 */
public record DmaRequest(
    long requestId,
    long hostEpoch,
    long sessionId,
    long spaceId,
    int deviceIndex,
    long address,
    int length,
    Operation operation,
    int[] generations,
    byte[] data,
    long operand,
    long expected,
    long migrationId) {
  /** Largest transfer in one request. */
  public static final int MAX_LENGTH_BYTES = 65536;

  /** An access that is no part of a migration. */
  public DmaRequest(
      long requestId,
      long hostEpoch,
      long sessionId,
      long spaceId,
      int deviceIndex,
      long address,
      int length,
      Operation operation,
      int[] generations,
      byte[] data,
      long operand,
      long expected) {
    this(
        requestId,
        hostEpoch,
        sessionId,
        spaceId,
        deviceIndex,
        address,
        length,
        operation,
        generations,
        data,
        operand,
        expected,
        0);
  }

  /** What the request does. */
  public enum Operation {
    READ,
    WRITE,
    FETCH_ADD,
    COMPARE_AND_SET;

    public boolean writes() {
      return this != READ;
    }
  }
}
