package dev.fenceline.client;

/**
 * What a device computes on mirrored memory; immutable. Lengths are in bytes, addresses in [0,
 * 2^47).
 */
public sealed interface DeviceProgram {
  /** Writes the word over and over: [address, address + length). */
  record Fill(long address, long length, long word) implements DeviceProgram {}

  /** Copies from one place to another. */
  record Copy(long source, long target, long length) implements DeviceProgram {}

  /** target[i] = a[i] + b[i] for 8-byte words. */
  record Add(long a, long b, long target, long length) implements DeviceProgram {}

  /** Sum of all 8-byte little-endian words and CRC-32C of the bytes. */
  record Checksum(long address, long length) implements DeviceProgram {}

  /** Follows 8-byte little-endian addresses. */
  record PointerChase(long start, int hops) implements DeviceProgram {}

  /**
   * Reads and writes words of an interval at random. Every written value is unique: (writer << 40)
   * + counter.
   *
   * @param writePercent 0 to 100
   * @param writer makes written values unique among all writers; 1 to 2^23 - 1
   */
  record RandomAccess(
      long address, long length, int operations, int writePercent, long seed, int writer)
      implements DeviceProgram {}

  /** Adds to one 8-byte word again and again. */
  record AtomicAdd(long address, int times, long operand) implements DeviceProgram {}
}
