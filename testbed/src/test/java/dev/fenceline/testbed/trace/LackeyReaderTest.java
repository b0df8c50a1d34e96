package dev.fenceline.testbed.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fenceline.testbed.trace.MemoryAccess.Kind;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LackeyReaderTest {

  @TempDir Path directory;

  private static List<MemoryAccess> read(Path file, List<SkippedLine> skipped) throws Exception {
    List<MemoryAccess> accesses = new ArrayList<>();
    try (LackeyReader reader = LackeyReader.open(file, skipped::add)) {
      MemoryAccess access = reader.next();
      while (access != null) {
        accesses.add(access);
        access = reader.next();
      }
      assertThat(reader.summary().events()).isEqualTo(accesses.size());
      assertThat(reader.summary().skippedLines()).isEqualTo(skipped.size());
    }
    return accesses;
  }

  @Test
  void shippedTrace_readsWithoutASkippedLine() throws Exception {
    Map<Kind, Long> counts = new EnumMap<>(Kind.class);
    Path file = TraceFiles.SHIPPED.resolve("sort.lackey.gz");
    try (LackeyReader reader =
        LackeyReader.open(file, line -> assertThat(line).as("skipped").isNull())) {
      while (reader.read(1000, (kind, address, size) -> counts.merge(kind, 1L, Long::sum))
          == 1000) {
        // Batches of a thousand.
      }
      assertThat(reader.summary().lines()).isEqualTo(2_953_321);
    }
    assertThat(counts)
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(Kind.LOAD, 1_914_234L, Kind.STORE, 1_025_994L, Kind.MODIFY, 13_093L));
  }

  @Test
  void accessesOfAllKinds_areRead() throws Exception {
    List<SkippedLine> skipped = new ArrayList<>();
    Path file =
        TraceFiles.write(
            directory,
            "==123== Lackey, an example Valgrind tool",
            "I  04001090,3",
            " S 1fff000738,8",
            "--123-- verbose",
            " L 04032E40,16",
            " M ffffffffffffffff,1\r",
            "",
            "==123== ");
    assertThat(read(file, skipped))
        .containsExactly(
            new MemoryAccess(Kind.INSTRUCTION, 0x4001090, 3),
            new MemoryAccess(Kind.STORE, 0x1fff000738L, 8),
            new MemoryAccess(Kind.LOAD, 0x4032e40, 16),
            new MemoryAccess(Kind.MODIFY, -1, 1));
    assertThat(skipped).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        " L ,8",
        " L 1000",
        " L 1000,",
        " L 1000,0",
        " L 1000,8 ",
        " L 1000,-8",
        " L 1000,65537",
        " L 1000,99999999999999999999",
        " L 11112222333344445,8",
        " L 10x0,8",
        " X 1000,8",
        "I 1000,8",
        "L 1000,8",
        "rubbish",
        "==x== no pid",
        " L 1000,8\0"
      })
  void badLine_isReportedAndSkipped(String line) throws Exception {
    List<SkippedLine> skipped = new ArrayList<>();
    Path file = TraceFiles.write(directory, " L 1000,8", line, " S 2000,4");
    assertThat(read(file, skipped)).hasSize(2);
    assertThat(skipped).singleElement().extracting(SkippedLine::lineNumber).isEqualTo(2L);
  }

  @ParameterizedTest
  @CsvSource({"'', EMPTY", "'==1== banner only', WRONG_FORMAT", "'7 brk(NULL) = 0', WRONG_FORMAT"})
  void fileWithoutAnAccess_isATypedError(String content, UnusableTrace.Reason reason)
      throws Exception {
    Path file = TraceFiles.write(directory, content);
    UnusableTrace refusal =
        catchThrowableOfType(UnusableTrace.class, () -> read(file, new ArrayList<>()));
    assertThat(refusal.reason()).isEqualTo(reason);
  }

  @Test
  void gzipCutOff_isReadUpToThere() throws Exception {
    byte[] zipped = TraceFiles.gzip(" L 1000,8\n".repeat(50_000).getBytes(StandardCharsets.UTF_8));
    byte[] cut = Arrays.copyOf(zipped, zipped.length / 2);
    try (LackeyReader reader = LackeyReader.open(TraceFiles.write(directory, cut), line -> {})) {
      assertThat(reader.read(Integer.MAX_VALUE, (kind, address, size) -> {}))
          .isBetween(1_000, 49_000);
      assertThat(reader.summary().endedEarly()).isTrue();
    }
  }

  @Test
  void veryLongLine_isSkipped() throws Exception {
    List<SkippedLine> skipped = new ArrayList<>();
    Path file = TraceFiles.write(directory, " L 1000,8", "y".repeat(10 << 20), " L 1008,8");
    assertThat(read(file, skipped)).hasSize(2);
    assertThat(skipped).hasSize(1);
  }

  @Test
  void format_isDetectedByContentNotByName() throws Exception {
    assertThat(TraceFormat.detect(TraceFiles.SHIPPED.resolve("sort.lackey.gz")))
        .isEqualTo(TraceFormat.LACKEY);
    for (String name : List.of("python", "node", "java", "sort")) {
      assertThat(TraceFormat.detect(TraceFiles.SHIPPED.resolve(name + ".strace")))
          .isEqualTo(TraceFormat.STRACE);
    }
    byte[] zipped =
        TraceFiles.gzip("rubbish\n7 brk(NULL) = 0x1\n".getBytes(StandardCharsets.UTF_8));
    assertThat(TraceFormat.detect(TraceFiles.write(directory, zipped)))
        .isEqualTo(TraceFormat.STRACE);
    assertThat(TraceFormat.detect(TraceFiles.write(directory, "==1== Lackey")))
        .isEqualTo(TraceFormat.LACKEY);
    Path diary = TraceFiles.write(directory, "Dear diary (again),", "nothing.");
    assertThat(catchThrowableOfType(UnusableTrace.class, () -> TraceFormat.detect(diary)).reason())
        .isEqualTo(UnusableTrace.Reason.WRONG_FORMAT);
  }
}
