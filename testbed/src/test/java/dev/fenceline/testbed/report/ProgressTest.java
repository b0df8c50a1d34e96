package dev.fenceline.testbed.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProgressTest {

  private static final long MILLI = 1_000_000;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  private String shown() {
    return bytes.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
  }

  @Test
  void terminal_rewritesItsLineAtMostFiveTimesASecond() {
    Progress progress = new Progress(out, true, 80);
    for (long now = 0; now < 1_000; now += 10) {
      progress.update(now * MILLI, "at " + now);
    }
    progress.finish(1_000 * MILLI, "done");
    assertThat(shown())
        .isEqualTo(
            "\r\u001b[Kat 0\r\u001b[Kat 200\r\u001b[Kat 400\r\u001b[Kat 600\r\u001b[Kat 800"
                + "\r\u001b[Kdone\n");
  }

  @Test
  void file_getsAPlainLineEveryTwoSeconds() {
    Progress progress = new Progress(out, false, 80);
    for (long now = -500; now <= 4_000; now += 100) {
      progress.update(now * MILLI, "at " + now);
    }
    progress.clear();
    progress.finish(4_100 * MILLI, "done\nreally");
    assertThat(shown()).isEqualTo("at -500\nat 1500\nat 3500\ndone really\n");
  }

  @Test
  void longLine_isCutToTheTerminal() {
    Progress progress = new Progress(out, true, 20);
    progress.update(0, "x".repeat(50));
    assertThat(shown()).isEqualTo("\r\u001b[K" + "x".repeat(16) + "...");
  }

  @Test
  void clearedLine_isShownAgainAtOnce() {
    Progress progress = new Progress(out, true, 80);
    progress.update(0, "one");
    progress.clear();
    progress.update(1, "two");
    assertThat(shown()).isEqualTo("\r\u001b[Kone\r\u001b[K\r\u001b[Ktwo");
  }
}
