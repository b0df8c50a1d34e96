package dev.fenceline.testbed.trace;

import java.io.Serial;
import java.nio.file.Path;

/** A file that holds nothing to replay: says which file and why. */
public final class UnusableTrace extends Exception {

  @Serial private static final long serialVersionUID = 1L;

  /** Why a file cannot be used. */
  public enum Reason {
    /** There is no such file, or it may not be read. */
    UNREADABLE,
    /** The file has no bytes, or white space only. */
    EMPTY,
    /** The file is not text. */
    BINARY,
    /** The compressed data broke before the first usable line. */
    DAMAGED,
    /** Text, but not one usable line of the expected kind. */
    WRONG_FORMAT
  }

  private final String file;
  private final Reason reason;

  UnusableTrace(Path file, Reason reason, String explanation) {
    super("cannot use trace " + file + ": " + explanation);
    this.file = file.toString();
    this.reason = reason;
  }

  /**
   * A file was read to its end for nothing: {@code wrongFormat} is said if nothing worse is known.
   */
  static UnusableTrace nothingUsable(
      Path file, LineSource lines, boolean damaged, String wrongFormat) {
    if (lines.binary()) {
      return new UnusableTrace(file, Reason.BINARY, "it is not a text file");
    }
    if (damaged) {
      return new UnusableTrace(
          file, Reason.DAMAGED, "its compressed data breaks off before the first usable line");
    }
    if (lines.blank()) {
      return new UnusableTrace(file, Reason.EMPTY, "it is empty");
    }
    return new UnusableTrace(file, Reason.WRONG_FORMAT, wrongFormat);
  }

  /** The file as it was named by the caller. */
  public Path file() {
    return Path.of(file);
  }

  public Reason reason() {
    return reason;
  }
}
