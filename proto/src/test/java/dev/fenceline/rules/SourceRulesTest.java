package dev.fenceline.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourceRulesTest {

  @TempDir Path directory;

  @Test
  void methodOverTheLimit_isReportedWithItsLine() throws IOException {
    String body = "    int a;\n".repeat(SourceRules.MAX_METHOD_LINES);
    assertThat(breachesOf("/** A. */\nclass Long {\n  void run() {\n" + body + "  }\n}\n"))
        .singleElement()
        .asString()
        .contains("Long.java:3", "run has 72 lines");
  }

  @Test
  void fileOverTheLimit_isReported() throws IOException {
    assertThat(breachesOf("/** A. */\nclass Long {\n" + "\n".repeat(500) + "}\n")).hasSize(1);
  }

  @Test
  void sevenParameters_areReportedUnlessTheyAreARecordsComponents() throws IOException {
    String seven = "(int a, int b, int c, int d, int e, int f, int g)";
    assertThat(breachesOf("/** A. */\nrecord Long" + seven + " {}\n")).isEmpty();
    assertThat(breachesOf("/** A. */\nclass Long { void run" + seven + " {} }\n")).hasSize(1);
  }

  @Test
  void nameWithoutResponsibility_isReported() throws IOException {
    assertThat(breachesOf("/** A. */\nclass FrameManager {}\n")).hasSize(1);
    assertThat(breachesOf("/** A. */\nclass FrameStore { static class PageUtils {} }\n"))
        .hasSize(1);
  }

  @Test
  void typeWithoutComment_isReported() throws IOException {
    assertThat(breachesOf("class Long {}\n")).singleElement().asString().contains("lacks");
  }

  @Test
  void reminderWithoutIssueNumber_isReported() throws IOException {
    String mark = "TO" + "DO";
    assertThat(breachesOf("/** A. */\nclass Long {} // " + mark + " later\n")).hasSize(1);
    assertThat(breachesOf("/** A. */\nclass Long {} // " + mark + "(#12) later\n")).isEmpty();
  }

  private List<String> breachesOf(String source) throws IOException {
    Path file = directory.resolve("Long.java");
    Files.writeString(file, source);
    return SourceRules.breachesIn(List.of(file));
  }
}
