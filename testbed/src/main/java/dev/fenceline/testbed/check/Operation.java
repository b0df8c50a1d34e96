package dev.fenceline.testbed.check;

import java.util.Locale;

/**
 * One operation on one word, as a person reads it in a finding.
 *
 * <p>Immutable.
 *
 * @param word the word's key, see {@link History#word}
 * @param value what was read or written
 * @param invokedNanos when it began, on the clock that all participants share
 * @param respondedNanos when it ended; {@link History#IN_DOUBT} if nobody knows whether it happened
 * @param actor who did it, a number that the recorder chose
 */
public record Operation(
    Kind kind, long word, long value, long invokedNanos, long respondedNanos, int actor) {

  /** What an operation does to a word. */
  public enum Kind {
    READ(0),
    WRITE(1),
    /** A known value appears without anybody's write: a fresh mapping, MADV_DONTNEED. */
    RESET(2),
    /** The word ceases to exist; no read can return what it holds until the next write or reset. */
    UNMAP(3);

    /** How columns of primitives store it. */
    final byte code;

    Kind(int code) {
      this.code = (byte) code;
    }

    static Kind of(byte code) {
      return switch (code) {
        case 0 -> READ;
        case 1 -> WRITE;
        case 2 -> RESET;
        case 3 -> UNMAP;
        default -> throw new IllegalArgumentException("kind " + code);
      };
    }
  }

  /** A description with times in nanoseconds. */
  public String describe() {
    String end = respondedNanos == History.IN_DOUBT ? "in doubt" : Long.toString(respondedNanos);
    String who = actor + ": " + kind.name().toLowerCase(Locale.ROOT);
    String what = kind == Kind.UNMAP ? "" : " 0x" + Long.toHexString(value);
    return "[actor " + who + what + " during " + invokedNanos + ".." + end + "]";
  }
}
