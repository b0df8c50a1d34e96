package dev.fenceline.testbed.observability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.testbed.observability.Dashboards.Dashboard;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** What Grafana would only show by a broken panel. */
class DashboardFilesTest {
  private static final int GRID_COLUMNS = 24;
  private static final int OLDEST_SCHEMA = 39;

  private static final Set<String> UNITS =
      Set.of("s", "ops", "none", "percentunit", "bytes", "Bps", "short");

  private static final Set<String> PANELS =
      Set.of("timeseries", "stat", "heatmap", "state-timeline", "table", "bargauge", "gauge");

  static Stream<Dashboard> dashboards() {
    return Dashboards.all().stream();
  }

  @Test
  void overviewFencesAgentsAndHostMemory_areThere() {
    assertThat(dashboards().map(board -> board.json().path("uid").asString("")))
        .contains(
            "fenceline-overview", "fenceline-fences", "fenceline-agents", "fenceline-host-memory")
        .doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void dashboard_namesItselfAndItsDataSource(Dashboard board) {
    JsonNode json = board.json();
    assertThat(board.file()).isEqualTo(json.path("uid").asString("") + ".json");
    assertThat(json.path("title").asString("")).startsWith("Fenceline / ");
    assertThat(json.path("description").asString("")).isNotBlank();
    assertThat(json.path("schemaVersion").asInt(0)).isGreaterThanOrEqualTo(OLDEST_SCHEMA);
    assertThat(json.path("tags").toString()).contains("fenceline");
    // Grafana gives the id; one in a file would overwrite somebody else's dashboard.
    assertThat(json.path("id").isMissingNode() || json.path("id").isNull()).isTrue();
    JsonNode first = json.path("templating").path("list").path(0);
    assertThat(first.path("name").asString("")).isEqualTo("datasource");
    assertThat(first.path("type").asString("")).isEqualTo("datasource");
    assertThat(first.path("query").asString("")).isEqualTo("prometheus");
    board.queryVariables().forEach(variable -> assertDataSource(variable, "variable"));
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void panels_haveIdsTitlesUnitsAndDescriptions(Dashboard board) {
    Set<Integer> ids = new TreeSet<>();
    Set<String> titles = new TreeSet<>();
    assertThat(board.panels()).isNotEmpty();
    board
        .json()
        .path("panels")
        .forEach(panel -> assertThat(ids.add(panel.path("id").asInt(-1))).isTrue());
    for (JsonNode panel : board.panels()) {
      String title = panel.path("title").asString("");
      assertThat(title).isNotBlank();
      assertThat(titles.add(title)).as("title %s twice", title).isTrue();
      assertThat(PANELS).contains(panel.path("type").asString(""));
      assertThat(panel.path("description").asString("")).as(title).isNotBlank();
      assertThat(UNITS)
          .as("unit of %s", title)
          .contains(panel.path("fieldConfig").path("defaults").path("unit").asString(""));
      assertDataSource(panel, title);
    }
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void targets_haveExpressionsLegendsAndTheDataSourceVariable(Dashboard board) {
    for (JsonNode panel : board.panels()) {
      String title = panel.path("title").asString("");
      Set<String> references = new TreeSet<>();
      assertThat(panel.path("targets").size()).as(title).isPositive();
      for (JsonNode target : panel.path("targets")) {
        assertDataSource(target, title);
        assertThat(target.path("expr").asString("")).as(title).isNotBlank();
        assertThat(target.path("legendFormat").asString("")).as("legend of %s", title).isNotBlank();
        assertThat(references.add(target.path("refId").asString("")))
            .as("refId in %s", title)
            .isTrue();
        PromQl.substituted(target.path("expr").asString(""));
      }
    }
  }

  /** A legend of a label that the expression sums away would be empty. */
  @ParameterizedTest
  @MethodSource("dashboards")
  void legends_nameLabelsThatTheExpressionKeeps(Dashboard board) {
    for (JsonNode panel : board.panels()) {
      for (JsonNode target : panel.path("targets")) {
        String expression = target.path("expr").asString("");
        for (String label : labels(target.path("legendFormat").asString(""))) {
          boolean aggregated = expression.contains(" by (");
          assertThat(!aggregated || expression.matches(".* by \\([^)]*\\b" + label + "\\b.*"))
              .as("{{%s}} in %s: %s", label, panel.path("title").asString(""), expression)
              .isTrue();
        }
      }
    }
  }

  private static List<String> labels(String legend) {
    List<String> labels = new ArrayList<>();
    for (String part : legend.split("\\{\\{", -1)) {
      if (part.contains("}}")) {
        labels.add(part.substring(0, part.indexOf("}}")).strip());
      }
    }
    return labels;
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void panels_doNotOverlap(Dashboard board) {
    List<int[]> placed = new ArrayList<>();
    for (JsonNode panel : board.json().path("panels")) {
      JsonNode grid = panel.path("gridPos");
      int x = grid.path("x").asInt(-1);
      int y = grid.path("y").asInt(-1);
      int right = x + grid.path("w").asInt(0);
      int bottom = y + grid.path("h").asInt(0);
      assertThat(x).isNotNegative();
      assertThat(y).isNotNegative();
      assertThat(right).isGreaterThan(x).isLessThanOrEqualTo(GRID_COLUMNS);
      assertThat(bottom).isGreaterThan(y);
      for (int[] other : placed) {
        boolean apart = right <= other[0] || other[2] <= x || bottom <= other[1] || other[3] <= y;
        assertThat(apart).as("%s overlaps another", panel.path("title")).isTrue();
      }
      placed.add(new int[] {x, y, right, bottom});
    }
  }

  private static void assertDataSource(JsonNode of, String what) {
    JsonNode source = of.path("datasource");
    assertThat(source.path("type").asString("")).as(what).isEqualTo("prometheus");
    assertThat(source.path("uid").asString("")).as(what).isEqualTo("${datasource}");
  }
}
