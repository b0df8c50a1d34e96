package dev.fenceline.rules;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class RoomRulesTest {

  private final JavaClasses fixture =
      new ClassFileImporter().importPackages("dev.fenceline.fixture");
  private final Map<String, ArchRule> rules = RoomRules.all();

  @Test
  void engineThatKnowsProtobufAdaptersOrSharedState_isReported() {
    assertThat(reportOf("engine_knowsOnlyModelAndDataTypes"))
        .contains("BadEngine.protobuf()", "BadEngine.adapter()", "BadEngine.concurrent()")
        .doesNotContain("BadEngine.clock()");
  }

  @Test
  void engineWithHashMapOrThread_isReported() {
    assertThat(reportOf("engine_isDeterministic"))
        .contains("BadEngine.hashMap()", "BadEngine.thread()");
  }

  @Test
  void engineWithClockOrChanceOrParallelism_isReported() {
    assertThat(reportOf("engine_callsNothingThatDiffersFromRunToRun"))
        .contains("BadEngine.clock()", "BadEngine.random()", "BadEngine.uuid()")
        .contains("BadEngine.mapOf()", "BadEngine.grouping(", "BadEngine.parallel(")
        .contains("BadEngine.output()");
  }

  @Test
  void engineThatKnowsAnAdapter_isReported() {
    assertThat(reportOf("nothing_knowsAdapterOrConfig")).contains("BadEngine.adapter()");
  }

  private String reportOf(String rule) {
    return Objects.requireNonNull(rules.get(rule)).evaluate(fixture).getFailureReport().toString();
  }
}
