package dev.fenceline.testbed.trace;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A stream of the memory and process events in an strace log, plain or gzip-compressed.
 *
 * <p>Confined to one thread; holds a file open until {@link #close}. Understands what {@code
 * strace} writes with and without {@code -f}, {@code -t}, {@code -tt}, {@code -ttt}, {@code -r},
 * {@code -T}, {@code -y}, {@code -i}, {@code -k}, to a file or to the terminal. Events come in the
 * order in which the calls returned, with the rules of {@link StraceEvents} for what strace does
 * not tell.
 */
public final class StraceReader implements AutoCloseable {

  private static final int MAX_PREFETCHED = 10_000;

  private final Path file;
  private final LineSource lines;
  private final SkippedLines skipped;
  private final ArrayDeque<TraceEvent> ready = new ArrayDeque<>();
  private final StraceEvents events;
  private long lineCount;
  private long ignoredLines;
  private long eventCount;
  private boolean endedEarly;
  private boolean ended;

  private StraceReader(
      Path file, LineSource lines, TraceLimits limits, Consumer<? super SkippedLine> onSkipped) {
    this.file = file;
    this.lines = lines;
    this.skipped = new SkippedLines(limits.maxSkippedKept(), onSkipped);
    this.events = new StraceEvents(limits, ready::add, skipped);
  }

  /** As the other {@code open}, with default limits. */
  public static StraceReader open(Path file, Consumer<? super SkippedLine> onSkipped)
      throws IOException, UnusableTrace {
    return open(file, TraceLimits.DEFAULT, onSkipped);
  }

  /**
   * Opens a log and reads up to its first memory event.
   *
   * @param onSkipped told of each line that cannot be used, while the lines are read
   * @throws UnusableTrace if the file cannot be read or has no usable line
   * @throws IOException if reading fails
   */
  public static StraceReader open(
      Path file, TraceLimits limits, Consumer<? super SkippedLine> onSkipped)
      throws IOException, UnusableTrace {
    LineSource lines = LineSource.open(file, limits.maxLineBytes());
    StraceReader reader = new StraceReader(file, lines, limits, onSkipped);
    try {
      while (reader.events.memoryEvents() == 0
          && reader.ready.size() < MAX_PREFETCHED
          && reader.readLine()) {
        // Each round reads one line.
      }
      return reader;
    } catch (IOException | UnusableTrace e) {
      lines.close();
      throw e;
    }
  }

  /**
   * The next event, null at the end of the log.
   *
   * @throws UnusableTrace at the end of a log without a single memory event
   * @throws IOException if reading fails
   */
  public @Nullable TraceEvent next() throws IOException, UnusableTrace {
    while (ready.isEmpty() && readLine()) {
      // Each round reads one line; many say nothing about memory.
    }
    TraceEvent event = ready.poll();
    if (event != null) {
      eventCount++;
    }
    return event;
  }

  /** What has been read so far. */
  public TraceSummary summary() {
    return new TraceSummary(
        lineCount, eventCount, ignoredLines, skipped.count(), endedEarly, skipped.first());
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }

  /** Reads a line into {@link #ready}; returns whether there was one. */
  private boolean readLine() throws IOException, UnusableTrace {
    if (ended) {
      return false;
    }
    LineSource.Step step = lines.advance();
    switch (step) {
      case LINE -> {
        lineCount++;
        interpret();
      }
      case TOO_LONG -> {
        lineCount++;
        skip("longer than the limit");
      }
      case DAMAGED -> {
        endedEarly = true;
        skip("the compressed data is damaged or cut off here");
      }
      case END -> {
        ended = true;
        requireMemoryEvent();
      }
    }
    return !ended;
  }

  private void interpret() {
    if (lines.lineHasNul()) {
      skip("binary data (a NUL byte)");
      return;
    }
    String text =
        new String(
            lines.bytes(), lines.start(), lines.end() - lines.start(), StandardCharsets.ISO_8859_1);
    if (!events.accept(lines.lineNumber(), text)) {
      ignoredLines++;
    }
  }

  private void skip(String reason) {
    skipped.add(
        SkippedLine.of(lines.lineNumber(), reason, lines.bytes(), lines.start(), lines.end()));
  }

  private void requireMemoryEvent() throws UnusableTrace {
    if (events.memoryEvents() > 0) {
      return;
    }
    throw UnusableTrace.nothingUsable(
        file,
        lines,
        endedEarly,
        "none of its "
            + lineCount
            + " lines is a memory call as strace writes it; record with: strace -f -ttt -e"
            + " trace=%memory,%process -o FILE PROGRAM");
  }
}
