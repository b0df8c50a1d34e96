package dev.fenceline.agent.runtime;

import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Pages;
import java.util.Arrays;

/**
 * One access of an execution unit; immutable by convention (the array is not copied).
 *
 * @param length bytes, 1 to 65536; 8 for atomics
 * @param data of a write: exactly length bytes
 * @param aheadEnd address up to which the program will go on: faults ask for as much of it as fits
 * @param repeatable whether a write may be done again if its reply was lost
 */
public record AccessRequest(
    DmaRequest.Operation operation,
    long address,
    int length,
    byte[] data,
    long operand,
    long aheadEnd,
    boolean repeatable) {
  private static final byte[] NOTHING = {};

  public static AccessRequest read(long address, int length, long aheadEnd) {
    return new AccessRequest(
        DmaRequest.Operation.READ, address, length, NOTHING, 0, aheadEnd, true);
  }

  public static AccessRequest write(long address, byte[] data, long aheadEnd, boolean repeatable) {
    return new AccessRequest(
        DmaRequest.Operation.WRITE, address, data.length, data, 0, aheadEnd, repeatable);
  }

  /** As much of it as lies on its first pages. */
  AccessRequest onFirst(int pages) {
    int within = (int) (address & (Pages.SIZE_BYTES - 1));
    int bytes = pages * Pages.SIZE_BYTES - within;
    return bytes >= length ? this : first(bytes);
  }

  private AccessRequest first(int bytes) {
    byte[] its = data.length == 0 ? data : Arrays.copyOf(data, bytes);
    return new AccessRequest(operation, address, bytes, its, operand, aheadEnd, repeatable);
  }

  /** What is left of it behind the first bytes. */
  AccessRequest behind(int bytes) {
    byte[] its = data.length == 0 ? data : Arrays.copyOfRange(data, bytes, length);
    return new AccessRequest(
        operation, address + bytes, length - bytes, its, operand, aheadEnd, repeatable);
  }

  /** What parts of a read brought so far, with the next one. */
  byte[] gathered(byte[] before, byte[] part, int at) {
    if (part.length == 0) {
      return before; // a write
    }
    byte[] bytes = before.length == 0 ? new byte[length] : before;
    System.arraycopy(part, 0, bytes, at, part.length);
    return bytes;
  }

  public static AccessRequest fetchAdd(long address, long operand) {
    return new AccessRequest(
        DmaRequest.Operation.FETCH_ADD,
        address,
        Long.BYTES,
        NOTHING,
        operand,
        address + Long.BYTES,
        false);
  }
}
