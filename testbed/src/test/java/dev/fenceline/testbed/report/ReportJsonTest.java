package dev.fenceline.testbed.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ReportJsonTest {

  private static JsonNode json(RunReport report) {
    return JsonMapper.builder().build().readTree(ReportJson.text(report));
  }

  @Test
  void demo_hasEveryDocumentedKey() {
    JsonNode json = json(SampleReports.demo());
    assertThat(json.propertyNames())
        .containsExactly(
            "command",
            "passed",
            "violations",
            "checks",
            "failures",
            "operations",
            "operationsByKind",
            "invalidations",
            "backOffs",
            "retries",
            "phases",
            "modes",
            "devices",
            "traceFile",
            "skippedLines",
            "durationSeconds",
            "restAddress",
            "frames",
            "peakFrames",
            "peakPinnedFrames",
            "swappedOut",
            "swappedIn",
            "migratedToDevices",
            "migratedHome",
            "evicted",
            "seeds",
            "seedsPerMinute");
    assertThat(json.at("/passed").asBoolean()).isTrue();
    assertThat(json.at("/violations").asLong()).isZero();
    assertThat(json.at("/operations").asLong()).isEqualTo(1500);
    assertThat(json.at("/operationsByKind/brk").asLong()).isEqualTo(171);
    assertThat(json.at("/invalidations").asLong()).isEqualTo(1234);
    assertThat(json.at("/phases/schedule/p50Micros").asDouble()).isEqualTo(1.25);
    assertThat(json.at("/phases/unmap/p99Micros").asDouble()).isEqualTo(12.5);
    assertThat(json.at("/phases/wait/maxMicros").asDouble()).isEqualTo(1_500_000);
    assertThat(json.at("/modes/split/p50Micros").asDouble()).isEqualTo(1_100);
    assertThat(json.at("/modes/sequential/p50Micros").asDouble()).isEqualTo(8_800);
    assertThat(json.at("/skippedLines").asLong()).isEqualTo(3);
    assertThat(json.at("/seeds").isNull()).isTrue();
    assertThat(json.at("/devices/0/id").asString()).isEqualTo("agent-1/device-1");
    assertThat(json.at("/devices/0/ackMaxMicros").asDouble()).isEqualTo(125);
    assertThat(json.at("/devices/1/ackMaxMicros").isNull()).isTrue();
    assertThat(json.at("/devices/0/dmaWriteBytes").asLong()).isEqualTo(5_000_000);
  }

  @Test
  void simulation_hasNullsWhereNothingApplies() {
    JsonNode json = json(SampleReports.failedSimulation());
    for (String key : List.of("traceFile", "skippedLines", "restAddress", "invalidations")) {
      assertThat(json.at("/" + key).isNull()).as(key).isTrue();
    }
    assertThat(json.at("/phases/wait").isNull()).isTrue();
    assertThat(json.at("/passed").asBoolean()).isFalse();
    assertThat(json.at("/violations").asLong()).isEqualTo(2);
    assertThat(json.at("/failures/0").asString()).contains("--seed 7");
    assertThat(json.at("/seeds").asLong()).isEqualTo(1000);
    assertThat(json.at("/seedsPerMinute").asDouble()).isEqualTo(1234.5);
  }

  @Test
  void file_isReplacedAsAWhole(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("new/report.json");
    ReportJson.write(SampleReports.demo(), file);
    ReportJson.write(SampleReports.failedSimulation(), file);
    assertThat(Files.readString(file))
        .isEqualTo(ReportJson.text(SampleReports.failedSimulation()) + "\n");
    try (var files = Files.list(file.getParent())) {
      assertThat(files).containsExactly(file);
    }
  }
}
