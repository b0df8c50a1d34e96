package dev.fenceline.testbed.observability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fenceline.testbed.console.Browsing;
import dev.fenceline.testbed.launch.Installation;
import dev.fenceline.testbed.launch.Interruption;
import dev.fenceline.testbed.launch.ServiceProcess;
import dev.fenceline.testbed.launch.Stack;
import dev.fenceline.testbed.launch.StackSpec;
import dev.fenceline.testbed.observability.Dashboards.Dashboard;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * A real Prometheus on a real stack under a little load: every expression of every dashboard and
 * rule has data, what is exposed is what docs/METRICS.md says, and a scrape is quick.
 */
@Tag("processes")
@Timeout(600)
class LivePrometheusTest {
  private static final Duration DATA_WITHIN = Duration.ofSeconds(150);
  private static final int PROCESSES = 4;

  /** Less than the load's pages take: some are swapped out. */
  private static final int ARENA_KIBIBYTES = 64;

  /** Several times what the quickest scrape takes; a busy machine has slow ones, but not only. */
  private static final double QUICKEST_SCRAPE_BOUND_SECONDS = 0.150;

  /** What a scrape costs grows with its samples, on any machine. */
  private static final double SAMPLES_BOUND = 2_000;

  @TempDir private static Path directory = Path.of("");
  private static final Interruption INTERRUPTION = Interruption.install(Duration.ZERO);

  private static SpanSink spans;
  private static Stack stack;
  private static LightLoad load;
  private static PrometheusServer prometheus;

  @BeforeAll
  @Timeout(600)
  static void startEverything() throws Exception {
    PrometheusTools.find("prometheus");
    Installation installation = Installation.current();
    assumeTrue(
        Files.exists(installation.root().resolve("coordinator/target/classpath.txt")),
        "the services are not packaged");
    spans = new SpanSink();
    stack =
        Stack.start(
            installation,
            StackSpec.of(directory.resolve("run"), 2, 1)
                .with(new StackSpec.Memory(ARENA_KIBIBYTES, 1024, 64))
                .withHostOptions(
                    "--fenceline.host.tracing.endpoint=" + spans.endpoint(),
                    "--fenceline.host.tracing.sampling-ratio=0.5"),
            INTERRUPTION);
    Path configuration = Files.writeString(directory.resolve("prometheus.yml"), configuration());
    PrometheusTools.Ending check =
        PrometheusTools.promtool("check", "config", configuration.toString());
    assertThat(check.exitCode()).as(check.output()).isZero();
    prometheus = PrometheusServer.start(configuration, directory);
    load = LightLoad.on(stack);
    await("the load", () -> load.rounds() > 3);
    await(
        "all scrapes",
        () -> scalar("sum(up{fenceline_kind=~\"coordinator|host|agent\"})") == PROCESSES);
  }

  /** Only the coordinator is named: it names everybody else. */
  private static String configuration() {
    StringBuilder rules = new StringBuilder();
    Dashboards.ruleFiles().forEach(file -> rules.append("  - ").append(file).append('\n'));
    return """
        global:
          scrape_interval: 1s
          scrape_timeout: 1s
          evaluation_interval: 1s
        rule_files:
        %sscrape_configs:
          - job_name: fenceline
            http_sd_configs:
              - url: %s/api/v1/sd/prometheus
                refresh_interval: 1s
          - job_name: coordinator
            metrics_path: /actuator/prometheus
            static_configs:
              - targets: ["%s"]
                labels: {fenceline_kind: coordinator, fenceline_node: coordinator}
        """
        .formatted(rules, stack.restAddress(), stack.coordinator().httpAddress());
  }

  @AfterAll
  @Timeout(180)
  static void stopEverything() {
    if (load != null) {
      load.close();
    }
    if (prometheus != null) {
      prometheus.close();
    }
    INTERRUPTION.close();
    if (spans != null) {
      spans.close();
    }
  }

  /** What may fail until its time has come. */
  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void await(String what, Condition condition) throws Exception {
    long deadline = System.nanoTime() + DATA_WITHIN.toNanos();
    while (!condition.holds()) {
      assertThat(System.nanoTime() - deadline).as("%s within %s", what, DATA_WITHIN).isNegative();
      Thread.sleep(250);
    }
  }

  private static double scalar(String expression) throws Exception {
    JsonNode result = prometheus.query(expression).path("data").path("result");
    return result.path(0).path("value").path(1).asDouble(Double.NaN);
  }

  /** Empty if the expression has data, else what is wrong; waits, since rates need their time. */
  private static String fault(String expression, boolean numbers) throws Exception {
    long deadline = System.nanoTime() + DATA_WITHIN.toNanos();
    while (true) {
      JsonNode answer = prometheus.query(expression);
      if (!answer.path("status").asString("").equals("success")) {
        return answer.path("error").asString("?");
      }
      if (hasData(answer.path("data").path("result"), numbers)) {
        return "";
      }
      if (System.nanoTime() - deadline >= 0) {
        return "no data: " + answer.path("data");
      }
      load.rounds();
      Thread.sleep(500);
    }
  }

  private static boolean hasData(JsonNode result, boolean numbers) {
    if (!numbers) {
      return !result.isEmpty();
    }
    for (JsonNode series : result) {
      if (!series.path("value").path(1).asString("NaN").equals("NaN")) {
        return true;
      }
    }
    return false;
  }

  @Test
  void everyExpressionOfEveryDashboard_hasData() throws Exception {
    List<String> faults = new ArrayList<>();
    int expressions = 0;
    for (Dashboard board : Dashboards.all()) {
      for (JsonNode panel : board.panels()) {
        for (JsonNode target : panel.path("targets")) {
          String expression = PromQl.substituted(target.path("expr").asString(""));
          String fault = fault(expression, true);
          expressions++;
          if (!fault.isEmpty()) {
            faults.add(
                board + ", " + panel.path("title").asString("") + ": " + expression + ": " + fault);
          }
        }
      }
    }
    System.out.println(expressions + " expressions of dashboards were run");
    assertThat(faults).isEmpty();
  }

  /** As pictures for whoever wants to look: no Grafana runs where the tests do. */
  @Test
  void everyDashboard_isDrawn() throws Exception {
    load.rounds(); // a load that broke would leave flat lines
    Path pictures = Files.createDirectories(Path.of("target/screenshots"));
    List<String> empty = new ArrayList<>();
    try (Browsing browsing = Browsing.start()) {
      DashboardDrawing drawing = new DashboardDrawing(prometheus, browsing);
      for (Dashboard board : Dashboards.all()) {
        Path picture = pictures.resolve(board.file().replace(".json", ".png"));
        DashboardDrawing.Drawn drawn = drawing.draw(board, picture);
        empty.addAll(drawn.emptyPanels());
        assertThat(drawn.panels()).isPositive();
        assertThat(picture).isNotEmptyFile();
      }
      assertThat(browsing.complaints()).isEmpty();
    }
    assertThat(empty).isEmpty();
  }

  /** Every legend shows something: the labels that it names are there. */
  @Test
  void everyLabelOfALegend_isSet() throws Exception {
    List<String> faults = new ArrayList<>();
    for (Dashboard board : Dashboards.all()) {
      for (JsonNode panel : board.panels()) {
        for (JsonNode target : panel.path("targets")) {
          JsonNode result =
              prometheus
                  .query(PromQl.substituted(target.path("expr").asString("")))
                  .path("data")
                  .path("result");
          for (String part : target.path("legendFormat").asString("").split("\\{\\{", -1)) {
            if (part.contains("}}")) {
              String label = part.substring(0, part.indexOf("}}")).strip();
              for (JsonNode series : result) {
                if (series.path("metric").path(label).asString("").isEmpty()) {
                  faults.add(board + ", " + panel.path("title") + ": " + label + " in " + series);
                }
              }
            }
          }
        }
      }
    }
    assertThat(faults).isEmpty();
  }

  @Test
  void everyVariableOfEveryDashboard_hasValues() throws Exception {
    for (Dashboard board : Dashboards.all()) {
      for (JsonNode variable : board.queryVariables()) {
        String query = variable.path("query").path("query").asString("");
        assertThat(query).matches("label_values\\(\\w+, \\w+\\)");
        String[] words = query.replaceAll("label_values\\(|\\)", "").split(", ");
        assertThat(fault(words[0] + "{" + words[1] + "!=\"\"}", true)).as(query).isEmpty();
      }
    }
  }

  @Test
  void everyRule_hasData() throws Exception {
    List<String> faults = new ArrayList<>();
    int rules = 0;
    for (JsonNode group : prometheus.api("rules").path("data").path("groups")) {
      for (JsonNode rule : group.path("rules")) {
        String expression = rule.path("query").asString("");
        boolean alert = rule.path("type").asString("").equals("alerting");
        String fault = fault(alert ? PromQl.withoutComparisons(expression) : expression, false);
        rules++;
        if (!fault.isEmpty()) {
          faults.add(rule.path("name").asString("") + ": " + expression + ": " + fault);
        }
        if (!alert) {
          fault = fault(rule.path("name").asString(""), false);
          if (!fault.isEmpty()) {
            faults.add("recorded " + rule.path("name").asString("") + ": " + fault);
          }
        }
      }
    }
    System.out.println(rules + " rules were run");
    assertThat(rules).isPositive();
    assertThat(faults).isEmpty();
    for (JsonNode group : prometheus.api("rules").path("data").path("groups")) {
      for (JsonNode rule : group.path("rules")) {
        assertThat(rule.path("health").asString("")).as(rule.toString()).isEqualTo("ok");
      }
    }
  }

  /** From a bucket of a histogram to the trace of an invalidation that fell into it. */
  @Test
  void exemplarOfAFence_leadsToATraceThatWasSent() throws Exception {
    for (String histogram :
        List.of("fenceline_fence_wait_seconds", "fenceline_fence_ack_seconds")) {
      await(
          "an exemplar of " + histogram + " whose trace was sent",
          () -> {
            for (JsonNode series : prometheus.exemplars(histogram + "_bucket").path("data")) {
              for (JsonNode exemplar : series.path("exemplars")) {
                String trace = exemplar.path("labels").path("trace_id").asString("");
                if (trace.length() == 32 && spans.hasTrace(trace)) {
                  return true;
                }
              }
            }
            return false;
          });
    }
  }

  @Test
  void discovery_findsHostAndAgents() throws Exception {
    Set<String> found = new TreeSet<>();
    for (JsonNode target : prometheus.api("targets").path("data").path("activeTargets")) {
      JsonNode labels = target.path("labels");
      if (labels.path("job").asString("").equals("fenceline")) {
        found.add(
            labels.path("fenceline_kind").asString("")
                + " "
                + labels.path("fenceline_node").asString(""));
      }
    }
    assertThat(found).containsExactly("agent agent-1", "agent agent-2", "host host-1");
  }

  /** The quickest, since the others may meet a collection of garbage, or a busy machine. */
  @Test
  void scrape_isQuick() throws Exception {
    await("some scrapes", () -> scalar("min(count_over_time(scrape_duration_seconds[5m]))") >= 15);
    for (JsonNode series :
        prometheus
            .query("quantile_over_time(0.5, scrape_duration_seconds[5m])")
            .path("data")
            .path("result")) {
      String node = series.path("metric").path("fenceline_node").asString("");
      double seconds = series.path("value").path(1).asDouble(Double.NaN);
      double samples = scalar("max(scrape_samples_scraped{fenceline_node=\"" + node + "\"})");
      double quickest =
          scalar(
              "min(min_over_time(scrape_duration_seconds{fenceline_node=\"" + node + "\"}[5m]))");
      System.out.printf(
          "scrape of %s: median %.1f ms, quickest %.1f ms, %.0f samples%n",
          node, seconds * 1e3, quickest * 1e3, samples);
      assertThat(quickest).as(node).isLessThan(QUICKEST_SCRAPE_BOUND_SECONDS);
      assertThat(samples).as(node).isLessThan(SAMPLES_BOUND);
    }
  }

  /** Some metrics are there once what they count has happened: a pause for garbage, a retry. */
  @Test
  void docs_tellOfEveryMetricAndOfNoOther() throws Exception {
    Set<String> differences = differencesFromDocs();
    long deadline = System.nanoTime() + DATA_WITHIN.toNanos();
    while (!differences.isEmpty() && System.nanoTime() - deadline < 0) {
      load.rounds();
      Thread.sleep(1_000);
      differences = differencesFromDocs();
    }
    assertThat(differences).isEmpty();
  }

  private static Set<String> differencesFromDocs() throws Exception {
    TreeMap<String, String> exposed = new TreeMap<>();
    for (ServiceProcess process : stack.processes()) {
      MetricsPage.exposed(scrape(process)).forEach(exposed::putIfAbsent);
    }
    TreeMap<String, String> documented = new TreeMap<>(MetricsPage.documented());
    Set<String> differences = new TreeSet<>();
    exposed.forEach(
        (name, is) -> {
          String said = documented.remove(name);
          if (!is.equals(said)) {
            differences.add(name + " is " + is + ", docs/METRICS.md says " + said);
          }
        });
    documented.forEach((name, said) -> differences.add(name + " is documented and not exposed"));
    return differences;
  }

  private static String scrape(ServiceProcess process) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://" + process.httpAddress() + "/actuator/prometheus"))
            .build();
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }
  }
}
