package dev.fenceline.testbed.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class BenchReportTest {
  @TempDir Path directory;

  private static final BenchReport REPORT =
      new BenchReport(
          new Machine(2, "25", "Linux amd64", 0.1),
          false,
          12.5,
          List.of(
              new Figure("a", "fast", "ns", Spread.of(1, 2, 3), Goal.atMost(2)),
              new Figure("a", "many", "per second", Spread.of(10_000), Goal.atLeast(20_000)),
              new Figure("b", "just so", "us", Spread.of(150), null)));

  @Test
  void goalMissed_isCountedAndSaid() {
    assertThat(REPORT.goalsMissed()).isEqualTo(1);
    assertThat(BenchReport.line(REPORT.figures().get(0))).contains("at most 2.00: goal met");
    assertThat(BenchReport.line(REPORT.figures().get(1))).contains("at least 20,000: goal missed");
    assertThat(BenchReport.line(REPORT.figures().get(2))).doesNotContain("goal");
  }

  @Test
  void json_hasEveryFigure() throws IOException {
    Path file = directory.resolve("new/report.json");

    REPORT.writeJson(file);

    JsonNode root = JsonMapper.builder().build().readTree(Files.readString(file));
    assertThat(root.get("goalsMissed").asInt()).isEqualTo(1);
    assertThat(root.get("figures").size()).isEqualTo(3);
    assertThat(root.get("figures").get(0).get("median").asDouble()).isEqualTo(2);
    assertThat(root.get("figures").get(1).get("goal").get("direction").asString())
        .isEqualTo("at_least");
    assertThat(root.get("figures").get(2).get("goal").isNull()).isTrue();
  }

  @Test
  void documentWithMarks_keepsWhatIsAroundThem() throws IOException {
    Path file = directory.resolve("doc.md");
    Files.writeString(file, "before\n<!-- figures: begin -->\nold\n<!-- figures: end -->\nafter\n");

    REPORT.writeMarkdown(file);
    REPORT.writeMarkdown(file);

    assertThat(Files.readString(file))
        .startsWith("before\n<!-- figures: begin -->\nMeasured on 2 cores")
        .contains("| a | fast | ns | 2.00 | 1.00 to 3.00 | at most 2.00 | goal met |")
        .doesNotContain("old")
        .endsWith("<!-- figures: end -->\nafter\n");
  }

  @Test
  void documentWithoutMarks_isLeftAlone() throws IOException {
    Path file = directory.resolve("doc.md");
    Files.writeString(file, "something else\n");

    assertThatThrownBy(() -> REPORT.writeMarkdown(file)).isInstanceOf(IOException.class);
    assertThat(Files.readString(file)).isEqualTo("something else\n");
  }
}
