package dev.fenceline.host.runtime;

import dev.fenceline.model.Access;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import java.util.Arrays;

/**
 * What a CPU access is to do, or the part of it that is left; immutable but for the bytes of a
 * read, which go to the caller's array.
 *
 * @param bytes of a read or a write: the caller's, from {@code at} on; empty for atomics
 * @param operand of an atomic
 * @param expected of a COMPARE_AND_SET
 */
record CpuRequest(
    long spaceId,
    long address,
    int length,
    DmaRequest.Operation operation,
    byte[] bytes,
    int at,
    long operand,
    long expected) {
  static CpuRequest bytes(
      long spaceId, long address, DmaRequest.Operation operation, byte[] bytes) {
    return new CpuRequest(spaceId, address, bytes.length, operation, bytes, 0, 0, 0);
  }

  static CpuRequest atomic(
      long spaceId, long address, DmaRequest.Operation operation, long operand, long expected) {
    return new CpuRequest(
        spaceId, address, Long.BYTES, operation, new byte[0], 0, operand, expected);
  }

  long vpn() {
    return Pages.number(address);
  }

  int pages() {
    return Pages.touched(address, length);
  }

  /** Offset of the first byte in its page. */
  int offset() {
    return (int) (address & (Pages.SIZE_BYTES - 1));
  }

  Access access() {
    return operation.writes() ? Access.WRITE : Access.READ;
  }

  /** What of it lies in the first pages. */
  CpuRequest onFirst(int pageCount) {
    int within = (int) Math.min(length, Pages.address(vpn() + pageCount) - address);
    return new CpuRequest(spaceId, address, within, operation, bytes, at, operand, expected);
  }

  /** What is left behind its first bytes. */
  CpuRequest behind(int done) {
    return new CpuRequest(
        spaceId, address + done, length - done, operation, bytes, at + done, operand, expected);
  }

  /** The bytes that a write writes; empty for others. */
  byte[] data() {
    return operation == DmaRequest.Operation.WRITE
        ? Arrays.copyOfRange(bytes, at, at + length)
        : new byte[0];
  }

  CpuOutcome.Refused refused(Errno errno, String message) {
    return new CpuOutcome.Refused(errno, message, address);
  }
}
