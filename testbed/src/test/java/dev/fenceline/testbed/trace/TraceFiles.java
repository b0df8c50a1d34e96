package dev.fenceline.testbed.trace;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/** Makes trace files for tests and reads them back to their end. */
final class TraceFiles {

  /** The recordings that are shipped with the project. */
  static final Path SHIPPED = Path.of("traces");

  private TraceFiles() {}

  static Path write(Path directory, byte[] content) throws IOException {
    Path file = Files.createTempFile(directory, "trace", ".log");
    return Files.write(file, content);
  }

  static Path write(Path directory, String... lines) throws IOException {
    return write(
        directory, (String.join("\n", lines) + "\n").getBytes(StandardCharsets.ISO_8859_1));
  }

  static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(content);
    }
    return bytes.toByteArray();
  }

  static Recorded strace(Path file) throws IOException, UnusableTrace {
    return strace(file, TraceLimits.DEFAULT);
  }

  static Recorded strace(Path file, TraceLimits limits) throws IOException, UnusableTrace {
    List<TraceEvent> events = new ArrayList<>();
    List<SkippedLine> skipped = new ArrayList<>();
    try (StraceReader reader = StraceReader.open(file, limits, skipped::add)) {
      TraceEvent event = reader.next();
      while (event != null) {
        events.add(event);
        event = reader.next();
      }
      return new Recorded(events, skipped, reader.summary());
    }
  }

  /** All that a reader said about a file. */
  record Recorded(List<TraceEvent> events, List<SkippedLine> skipped, TraceSummary summary) {

    <T extends TraceEvent> List<T> only(Class<T> type) {
      return events.stream().filter(type::isInstance).map(type::cast).toList();
    }
  }
}
