package dev.fenceline.testbed.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fenceline.testbed.trace.TraceFiles.Recorded;
import java.io.BufferedOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that no tool would write: each is a typed refusal or a list of skipped lines. */
class HostileTraceTest {

  private static final String GOOD = "7 brk(0x2000) = 0x2000\n";

  @TempDir Path directory;

  static Stream<Arguments> unusable() {
    return Stream.of(
        Arguments.of("", UnusableTrace.Reason.EMPTY),
        Arguments.of(" \r\n\n\t\n", UnusableTrace.Reason.EMPTY),
        Arguments.of("\0\0\0\0", UnusableTrace.Reason.BINARY),
        Arguments.of("\u007fELF\2\1\1\0\0\0\0", UnusableTrace.Reason.BINARY),
        Arguments.of("Dear diary,\nnothing.\n", UnusableTrace.Reason.WRONG_FORMAT),
        Arguments.of("7 read(3, \"\", 1) = 0\n", UnusableTrace.Reason.WRONG_FORMAT),
        Arguments.of("7 mmap(NULL\n", UnusableTrace.Reason.WRONG_FORMAT),
        Arguments.of("1 fork() = 2\n", UnusableTrace.Reason.WRONG_FORMAT),
        Arguments.of(" L 1fff000738,8\n", UnusableTrace.Reason.WRONG_FORMAT));
  }

  @ParameterizedTest
  @MethodSource("unusable")
  void fileWithoutAUsableLine_isATypedError(String content, UnusableTrace.Reason reason)
      throws Exception {
    byte[] bytes = content.getBytes(StandardCharsets.ISO_8859_1);
    assertUnusable(TraceFiles.write(directory, bytes), reason);
    assertUnusable(TraceFiles.write(directory, TraceFiles.gzip(bytes)), reason);
  }

  private static void assertUnusable(Path file, UnusableTrace.Reason reason) {
    UnusableTrace refusal =
        catchThrowableOfType(UnusableTrace.class, () -> TraceFiles.strace(file));
    assertThat(refusal.reason()).isEqualTo(reason);
    assertThat(refusal.file()).isEqualTo(file);
    assertThat(refusal).hasMessageContaining(file.toString());
  }

  @Test
  void missingFileAndDirectory_areATypedError() {
    assertUnusable(directory.resolve("nowhere"), UnusableTrace.Reason.UNREADABLE);
    assertUnusable(directory, UnusableTrace.Reason.UNREADABLE);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 5, 11, 20})
  void gzipCutOffBeforeAnyLine_isDamaged(int length) throws Exception {
    byte[] whole = TraceFiles.gzip(GOOD.repeat(100).getBytes(StandardCharsets.ISO_8859_1));
    Path file = TraceFiles.write(directory, Arrays.copyOf(whole, length));
    assertUnusable(file, UnusableTrace.Reason.DAMAGED);
  }

  @Test
  void gzipCutOffInTheMiddle_isReadUpToThere() throws Exception {
    byte[] whole = Files.readAllBytes(TraceFiles.SHIPPED.resolve("python.strace"));
    byte[] zipped = TraceFiles.gzip(whole);
    Recorded recorded =
        TraceFiles.strace(TraceFiles.write(directory, Arrays.copyOf(zipped, zipped.length / 2)));
    assertThat(recorded.summary().endedEarly()).isTrue();
    assertThat(recorded.events().size()).isBetween(100, 1400);
    assertThat(recorded.skipped())
        .singleElement()
        .extracting(SkippedLine::reason)
        .asString()
        .contains("damaged or cut off");
    assertThat(recorded.skipped().getFirst().lineNumber())
        .isEqualTo(recorded.summary().lines() + 1);
  }

  @Test
  void gzipWithAFlippedByte_isReadUpToThere() throws Exception {
    byte[] zipped =
        TraceFiles.gzip(Files.readAllBytes(TraceFiles.SHIPPED.resolve("python.strace")));
    zipped[zipped.length - 5] ^= 0x55;
    Recorded recorded = TraceFiles.strace(TraceFiles.write(directory, zipped));
    assertThat(recorded.summary().endedEarly()).isTrue();
    assertThat(recorded.summary().lines()).isEqualTo(1542);
  }

  @Test
  void nulBytes_skipTheirLineOnly() throws Exception {
    byte[] bytes = (GOOD + "7 brk(0x3\0) = 0x3\n" + GOOD).getBytes(StandardCharsets.ISO_8859_1);
    Recorded recorded = TraceFiles.strace(TraceFiles.write(directory, bytes));
    assertThat(recorded.events()).hasSize(2);
    assertThat(recorded.skipped()).hasSize(1);
    assertThat(recorded.skipped().getFirst().excerpt()).isEqualTo("7 brk(0x3.) = 0x3");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r\n", ""})
  void lineOfTenMegabytes_isSkippedWithItsStart(String end) throws Exception {
    String text = GOOD + "x".repeat(10 << 20) + end + (end.isEmpty() ? "" : GOOD);
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    Recorded recorded = TraceFiles.strace(TraceFiles.write(directory, bytes));
    assertThat(recorded.events()).hasSize(end.isEmpty() ? 1 : 2);
    assertThat(recorded.skipped()).hasSize(1);
    assertThat(recorded.skipped().getFirst().reason()).isEqualTo("longer than the limit");
    assertThat(recorded.skipped().getFirst().excerpt()).isEqualTo("x".repeat(120) + "...");
  }

  @Test
  void linesAroundTheLimit_areCutWhereItIs() throws Exception {
    for (int extra = -3; extra <= 3; extra++) {
      String line = "brk(NULL) = 0x1 <" + "0".repeat(64 - 17 + extra);
      for (String end : new String[] {"\n", "\r\n"}) {
        byte[] bytes = (GOOD + line + end + GOOD).getBytes(StandardCharsets.ISO_8859_1);
        Recorded recorded =
            TraceFiles.strace(TraceFiles.write(directory, bytes), new TraceLimits(64, 10, 10, 10));
        assertThat(recorded.events()).as("extra %d", extra).hasSize(extra > 0 ? 2 : 3);
        assertThat(recorded.summary().lines()).isEqualTo(3);
      }
    }
  }

  @Test
  void crLfAndAMissingLastLineEnd_readLikeAnyOther() throws Exception {
    byte[] bytes = (GOOD + GOOD).strip().replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8);
    Recorded recorded = TraceFiles.strace(TraceFiles.write(directory, bytes));
    assertThat(recorded.skipped()).isEmpty();
    assertThat(recorded.events()).hasSize(2);
  }

  @Test
  void severedLines_doNotPileUp() throws Exception {
    String severed = "clone(" + "x".repeat(1000) + "strace: Process 3 attached\n";
    byte[] bytes = (GOOD + severed.repeat(2000) + GOOD).getBytes(StandardCharsets.UTF_8);
    Recorded recorded = TraceFiles.strace(TraceFiles.write(directory, bytes));
    assertThat(recorded.skipped()).isNotEmpty();
    assertThat(recorded.summary().lines()).isEqualTo(2002);
  }

  @Test
  void randomDamage_neverFailsTheReader() throws Exception {
    byte[] whole = Files.readAllBytes(TraceFiles.SHIPPED.resolve("node.strace"));
    for (long seed = 0; seed < 200; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      byte[] damaged = Arrays.copyOf(whole, 8_000 + random.nextInt(40_000));
      for (int i = 0; i < 300; i++) {
        damaged[200 + random.nextInt(damaged.length - 200)] = (byte) random.nextInt(256);
      }
      Recorded recorded = TraceFiles.strace(TraceFiles.write(directory, damaged));
      assertThat(recorded.events()).as("seed %d", seed).isNotEmpty();
    }
  }

  @Test
  void hundredMegabytes_areStreamed() throws Exception {
    byte[] block = Files.readAllBytes(TraceFiles.SHIPPED.resolve("node.strace"));
    Path file = directory.resolve("large.strace");
    int copies = 100 * 1024 * 1024 / block.length;
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      for (int i = 0; i < copies; i++) {
        out.write(block);
      }
    }
    try (StraceReader reader = StraceReader.open(file, skipped -> {})) {
      while (reader.next() != null) {
        // Only what the reader itself holds counts here.
      }
      assertThat(reader.summary().lines()).isEqualTo(1122L * copies);
      assertThat(reader.summary().skippedLines()).isZero();
    }
  }
}
