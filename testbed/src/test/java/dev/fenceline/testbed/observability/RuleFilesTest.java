package dev.fenceline.testbed.observability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.testbed.launch.Installation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/** Rules as promtool sees them, and a runbook and a test for each alert. */
class RuleFilesTest {
  private static final String RUNBOOKS = "https://fenceline.dev/docs/runbooks/";
  private static final Set<String> SEVERITIES = Set.of("critical", "warning", "info");

  private static final List<String> RUNBOOK_PARTS =
      List.of("## Meaning", "## Impact", "## How to look", "## What to do");

  private static Path root() {
    return Installation.current().root();
  }

  private static Path tests() {
    return root().resolve("testbed/src/test/resources/prometheus");
  }

  @SuppressWarnings("unchecked") // YAML has no types
  private static List<Map<String, Object>> rules(String kind) throws IOException {
    List<Map<String, Object>> rules = new ArrayList<>();
    for (Path file : Dashboards.ruleFiles()) {
      Map<String, Object> content = new Yaml().load(Files.readString(file));
      for (Map<String, Object> group : (List<Map<String, Object>>) content.get("groups")) {
        for (Map<String, Object> rule : (List<Map<String, Object>>) group.get("rules")) {
          if (rule.containsKey(kind)) {
            rules.add(rule);
          }
        }
      }
    }
    return rules;
  }

  private static List<String> alertNames() throws IOException {
    return rules("alert").stream().map(rule -> rule.get("alert").toString()).toList();
  }

  @Test
  @SuppressWarnings("unchecked") // YAML has no types
  void eachAlert_saysHowBadItIsAndWhatToDo() throws IOException {
    assertThat(alertNames()).isNotEmpty().doesNotHaveDuplicates();
    for (Map<String, Object> rule : rules("alert")) {
      String name = rule.get("alert").toString();
      Map<String, Object> labels = (Map<String, Object>) rule.get("labels");
      Map<String, Object> annotations = (Map<String, Object>) rule.get("annotations");
      assertThat(name).startsWith("Fenceline");
      assertThat(SEVERITIES).as(name).contains(String.valueOf(labels.get("severity")));
      assertThat(annotations).as(name).containsEntry("runbook_url", RUNBOOKS + name + ".md");
      assertThat(String.valueOf(annotations.get("summary"))).as(name).isNotBlank();
      assertThat(String.valueOf(annotations.get("description"))).as(name).isNotBlank();
      PromQl.withoutComparisons(rule.get("expr").toString());
    }
  }

  @Test
  void runbooks_areThereForEachAlertAndForNoOther() throws IOException {
    Set<String> runbooks = new TreeSet<>();
    try (Stream<Path> files = Files.list(root().resolve("docs/runbooks"))) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (name.equals("README.md")) {
          continue;
        }
        runbooks.add(name.replace(".md", ""));
        assertThat(Files.readString(file)).as(name).contains(RUNBOOK_PARTS);
      }
    }
    assertThat(runbooks).isEqualTo(new TreeSet<>(alertNames()));
  }

  @Test
  void promtool_findsNoFaultInTheRules() throws Exception {
    List<String> arguments = new ArrayList<>(List.of("check", "rules"));
    Dashboards.ruleFiles().forEach(file -> arguments.add(file.toString()));
    PrometheusTools.Ending ending = PrometheusTools.promtool(arguments.toArray(String[]::new));
    assertThat(ending.exitCode()).as(ending.output()).isZero();
  }

  @Test
  void alerts_fireWhenTheyShouldAndOnlyThen() throws Exception {
    List<String> arguments = new ArrayList<>(List.of("test", "rules"));
    StringBuilder all = new StringBuilder();
    try (Stream<Path> files = Files.list(tests())) {
      for (Path file : files.sorted().toList()) {
        arguments.add(file.toString());
        all.append(Files.readString(file));
      }
    }
    PrometheusTools.Ending ending = PrometheusTools.promtool(arguments.toArray(String[]::new));
    assertThat(ending.exitCode()).as(ending.output()).isZero();
    for (String alert : alertNames()) {
      assertThat(all).as("no test makes %s fire", alert).contains("alertname: " + alert + "\n");
    }
  }
}
