package dev.fenceline.testbed.trace;

import dev.fenceline.testbed.trace.MemoryAccess.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A stream of the loads and stores in a log of {@code valgrind --tool=lackey --trace-mem=yes},
 * plain or gzip-compressed.
 *
 * <p>Confined to one thread; holds a file open until {@link #close}. Makes no object per line.
 */
public final class LackeyReader implements AutoCloseable {

  /** The largest access; the widest instructions (saving all registers) stay below. */
  public static final int MAX_SIZE_BYTES = 64 * 1024;

  private static final int MAX_HEX_DIGITS = 16;
  private static final int FIRST_DIGIT = 3;

  private final Path file;
  private final LineSource lines;
  private final SkippedLines skipped;
  private long lineCount;
  private long ignoredLines;
  private long accessCount;
  private boolean endedEarly;
  private boolean ended;
  private boolean waiting;

  // The access that the last good line held.
  private Kind kind = Kind.LOAD;
  private long address;
  private int sizeBytes;

  private LackeyReader(
      Path file, LineSource lines, TraceLimits limits, Consumer<? super SkippedLine> onSkipped) {
    this.file = file;
    this.lines = lines;
    this.skipped = new SkippedLines(limits.maxSkippedKept(), onSkipped);
  }

  /** As the other {@code open}, with default limits. */
  public static LackeyReader open(Path file, Consumer<? super SkippedLine> onSkipped)
      throws IOException, UnusableTrace {
    return open(file, TraceLimits.DEFAULT, onSkipped);
  }

  /**
   * Opens a log and reads up to its first access.
   *
   * @param onSkipped told of each line that cannot be used, while the lines are read
   * @throws UnusableTrace if the file cannot be read or has no usable line
   * @throws IOException if reading fails
   */
  public static LackeyReader open(
      Path file, TraceLimits limits, Consumer<? super SkippedLine> onSkipped)
      throws IOException, UnusableTrace {
    LineSource lines = LineSource.open(file, limits.maxLineBytes());
    LackeyReader reader = new LackeyReader(file, lines, limits, onSkipped);
    try {
      reader.waiting = reader.advance();
      if (!reader.waiting) {
        throw UnusableTrace.nothingUsable(
            file, lines, reader.endedEarly, "none of its lines is an access as lackey prints it");
      }
      return reader;
    } catch (IOException | UnusableTrace e) {
      lines.close();
      throw e;
    }
  }

  /**
   * Hands the next accesses to a visitor.
   *
   * @return how many, less than {@code maxAccesses} only at the end of the log
   */
  public int read(int maxAccesses, MemoryAccess.Visitor visitor) throws IOException {
    int count = 0;
    while (count < maxAccesses && (waiting || advance())) {
      waiting = false;
      accessCount++;
      count++;
      visitor.access(kind, address, sizeBytes);
    }
    return count;
  }

  /** The next access, null at the end: for callers to whom an object per access is nothing. */
  public @Nullable MemoryAccess next() throws IOException {
    if (!waiting && !advance()) {
      return null;
    }
    waiting = false;
    accessCount++;
    return new MemoryAccess(kind, address, sizeBytes);
  }

  /** What has been read so far. */
  public TraceSummary summary() {
    return new TraceSummary(
        lineCount, accessCount, ignoredLines, skipped.count(), endedEarly, skipped.first());
  }

  /** The file as the caller named it. */
  public Path file() {
    return file;
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }

  static boolean isAccessOrBanner(byte[] bytes, int start, int end) {
    return isValgrindBanner(bytes, start, end) || kindOf(bytes, start, end) != null;
  }

  /** Reads on to a line with an access; false at the end of the log. */
  private boolean advance() throws IOException {
    while (!ended) {
      LineSource.Step step = lines.advance();
      lineCount = lines.lineNumber();
      switch (step) {
        case LINE -> {
          if (parse(lines.bytes(), lines.start(), lines.end())) {
            return true;
          }
          classify(lines.bytes(), lines.start(), lines.end());
        }
        case TOO_LONG -> skip("longer than the limit");
        case DAMAGED -> {
          endedEarly = true;
          skip("the compressed data is damaged or cut off here");
        }
        case END -> ended = true;
      }
    }
    return false;
  }

  private void classify(byte[] bytes, int start, int end) {
    if (start == end || isBanner(bytes, start, end)) {
      ignoredLines++;
    } else {
      skip("not a lackey access");
    }
  }

  private void skip(String reason) {
    skipped.add(
        SkippedLine.of(lines.lineNumber(), reason, lines.bytes(), lines.start(), lines.end()));
  }

  private boolean parse(byte[] bytes, int start, int end) {
    Kind found = kindOf(bytes, start, end);
    if (found == null) {
      return false;
    }
    long hex = 0;
    int at = start + FIRST_DIGIT;
    int digit;
    while (at < end && (digit = hexDigit(bytes[at])) >= 0) {
      hex = hex << 4 | digit;
      at++;
    }
    int digits = at - start - FIRST_DIGIT;
    if (digits == 0 || digits > MAX_HEX_DIGITS || at >= end - 1 || bytes[at] != ',') {
      return false;
    }
    int size = 0;
    for (at++; at < end; at++) {
      int value = bytes[at] - '0';
      if (value < 0 || value > 9 || size > MAX_SIZE_BYTES) {
        return false;
      }
      size = size * 10 + value;
    }
    if (size == 0 || size > MAX_SIZE_BYTES) {
      return false;
    }
    kind = found;
    address = hex;
    sizeBytes = size;
    return true;
  }

  /** The kind that the line's first columns name, null if they name none. */
  private static @Nullable Kind kindOf(byte[] bytes, int start, int end) {
    if (end - start <= FIRST_DIGIT
        || bytes[start + 2] != ' '
        || hexDigit(bytes[start + FIRST_DIGIT]) < 0) {
      return null;
    }
    if (bytes[start] == ' ') {
      return switch (bytes[start + 1]) {
        case 'L' -> Kind.LOAD;
        case 'S' -> Kind.STORE;
        case 'M' -> Kind.MODIFY;
        default -> null;
      };
    }
    return bytes[start] == 'I' && bytes[start + 1] == ' ' ? Kind.INSTRUCTION : null;
  }

  private static int hexDigit(byte c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
      return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  }

  /** Valgrind's own lines: {@code ==pid== text}, and {@code --pid-- text} when it is verbose. */
  private static boolean isBanner(byte[] bytes, int start, int end) {
    return isBanner(bytes, start, end, (byte) '=')
        || isBanner(bytes, start, end, (byte) '-')
        || isBanner(bytes, start, end, (byte) '*');
  }

  private static boolean isValgrindBanner(byte[] bytes, int start, int end) {
    return isBanner(bytes, start, end, (byte) '=');
  }

  private static boolean isBanner(byte[] bytes, int start, int end, byte mark) {
    if (end - start < 5 || bytes[start] != mark || bytes[start + 1] != mark) {
      return false;
    }
    int at = start + 2;
    while (at < end && bytes[at] >= '0' && bytes[at] <= '9') {
      at++;
    }
    return at > start + 2 && at + 1 < end && bytes[at] == mark && bytes[at + 1] == mark;
  }
}
