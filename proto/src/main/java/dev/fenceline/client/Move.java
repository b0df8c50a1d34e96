package dev.fenceline.client;

import java.util.OptionalLong;

/**
 * A mapping that is to be resized or moved; immutable.
 *
 * @param mayMove it may move if there is no room
 * @param newAddress move it there, unmapping what is there; needs mayMove
 */
public record Move(
    long address, long length, long newLength, boolean mayMove, OptionalLong newAddress) {
  /** Resizes it where it is. */
  public static Move resize(long address, long length, long newLength) {
    return new Move(address, length, newLength, false, OptionalLong.empty());
  }

  /** Moves it, and resizes it. */
  public static Move to(long address, long length, long newLength, long newAddress) {
    return new Move(address, length, newLength, true, OptionalLong.of(newAddress));
  }
}
