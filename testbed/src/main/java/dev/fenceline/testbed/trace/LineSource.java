package dev.fenceline.testbed.trace;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * The lines of a plain or gzip-compressed file, one at a time, as slices of one reused buffer.
 *
 * <p>Confined to one thread. Compression is detected by the magic bytes, not by the name. Lines end
 * with LF or CRLF; the last one need not end at all.
 */
final class LineSource implements AutoCloseable {

  /** What {@link #advance} found. */
  enum Step {
    /** A line stands in the buffer. */
    LINE,
    /** A line was longer than the limit; the buffer has its start, the rest is gone. */
    TOO_LONG,
    /** The compressed data broke off; there is nothing more to read. */
    DAMAGED,
    /** All lines have been read. */
    END
  }

  private static final int READ_BYTES = 64 * 1024;
  private static final int GZIP_FIRST = 0x1f;
  private static final int GZIP_SECOND = 0x8b;

  private final InputStream input;
  private final byte[] buffer;
  private final int maxLineBytes;
  private int start;
  private int end;
  private int next;
  private int filled;
  private long lineNumber;
  private boolean exhausted;
  private boolean damaged;
  private boolean binary;
  private boolean blank = true;

  private LineSource(InputStream input, int maxLineBytes) {
    this.input = input;
    this.maxLineBytes = maxLineBytes;
    // Room for a line of the limit with its CRLF and one full read behind it.
    this.buffer = new byte[maxLineBytes + 2 + READ_BYTES];
  }

  /**
   * Opens a file.
   *
   * @throws UnusableTrace if there is no such readable file, or its gzip header is broken
   */
  static LineSource open(Path file, int maxLineBytes) throws IOException, UnusableTrace {
    if (!Files.isReadable(file) || Files.isDirectory(file)) {
      String why = Files.isDirectory(file) ? "it is a directory" : "no such readable file";
      throw new UnusableTrace(file, UnusableTrace.Reason.UNREADABLE, why);
    }
    InputStream raw = Files.newInputStream(file);
    try {
      return new LineSource(decompressed(raw), maxLineBytes);
    } catch (EOFException | ZipException e) {
      raw.close();
      throw new UnusableTrace(
          file, UnusableTrace.Reason.DAMAGED, "its compressed data is damaged (" + e + ")");
    } catch (IOException e) {
      raw.close();
      throw e;
    }
  }

  /** As {@link #open}, over a stream whose compression is detected alike. */
  static LineSource of(InputStream stream, int maxLineBytes) throws IOException {
    return new LineSource(decompressed(stream), maxLineBytes);
  }

  private static InputStream decompressed(InputStream raw) throws IOException {
    PushbackInputStream peeked = new PushbackInputStream(raw, 2);
    int first = peeked.read();
    int second = first < 0 ? -1 : peeked.read();
    if (second >= 0) {
      peeked.unread(second);
    }
    if (first >= 0) {
      peeked.unread(first);
    }
    boolean gzip = first == GZIP_FIRST && second == GZIP_SECOND;
    return gzip ? new GZIPInputStream(peeked, READ_BYTES) : peeked;
  }

  /** Moves to the next line. */
  Step advance() throws IOException {
    start = next;
    int scan = start;
    while (true) {
      int newline = indexOfNewline(scan);
      if (newline >= 0) {
        return line(newline, newline + 1);
      }
      scan = filled;
      if (filled - start > maxLineBytes + 1) {
        return tooLong();
      }
      if (exhausted) {
        return last();
      }
      scan -= fill();
    }
  }

  /** The buffer that holds the line; valid until the next {@link #advance}. */
  byte[] bytes() {
    return buffer;
  }

  /** Index of the line's first byte. */
  int start() {
    return start;
  }

  /** Index behind the line's last byte; line ends are not part of it. */
  int end() {
    return end;
  }

  /** 1-based number of the line that {@link #advance} found last. */
  long lineNumber() {
    return lineNumber;
  }

  /** Whether a NUL byte stands near the file's start. */
  boolean binary() {
    return binary;
  }

  /** Whether only white space has been seen. */
  boolean blank() {
    return blank;
  }

  /** Whether the current line contains a NUL byte, which no text has. */
  boolean lineHasNul() {
    for (int i = start; i < end; i++) {
      if (buffer[i] == 0) {
        return true;
      }
    }
    return false;
  }

  private Step line(int contentEnd, int following) {
    end = contentEnd > start && buffer[contentEnd - 1] == '\r' ? contentEnd - 1 : contentEnd;
    next = following;
    lineNumber++;
    return end - start > maxLineBytes ? Step.TOO_LONG : Step.LINE;
  }

  private Step last() {
    if (damaged) {
      damaged = false;
      lineNumber++;
      end = filled;
      next = filled;
      return Step.DAMAGED;
    }
    return start == filled ? Step.END : line(filled, filled);
  }

  /** Keeps the start of the line for the report and throws the rest away. */
  private Step tooLong() throws IOException {
    int kept = start + maxLineBytes;
    int newline = -1;
    while (newline < 0 && !exhausted) {
      filled = kept;
      next = kept;
      kept -= fill();
      newline = indexOfNewline(kept);
    }
    end = kept;
    next = newline < 0 ? filled : newline + 1;
    lineNumber++;
    return Step.TOO_LONG;
  }

  private int indexOfNewline(int from) {
    for (int i = from; i < filled; i++) {
      if (buffer[i] == '\n') {
        return i;
      }
    }
    return -1;
  }

  /** Reads more; returns by how many bytes the line in the buffer moved towards its start. */
  private int fill() throws IOException {
    int moved = 0;
    if (buffer.length - filled < READ_BYTES) {
      System.arraycopy(buffer, start, buffer, 0, filled - start);
      moved = start;
      filled -= moved;
      start = 0;
    }
    int count;
    try {
      count = input.read(buffer, filled, buffer.length - filled);
    } catch (EOFException | ZipException e) {
      damaged = true;
      count = -1;
    }
    if (count < 0) {
      exhausted = true;
      return moved;
    }
    inspect(filled, filled + count);
    filled += count;
    return moved;
  }

  /**
   * The first bytes that are not blank decide between binary and text: the rest is not worth it.
   */
  private void inspect(int from, int to) {
    if (!blank) {
      return;
    }
    for (int i = from; i < to; i++) {
      binary |= buffer[i] == 0;
      blank &= buffer[i] >= 0 && buffer[i] <= ' ';
    }
  }

  @Override
  public void close() throws IOException {
    input.close();
  }
}
