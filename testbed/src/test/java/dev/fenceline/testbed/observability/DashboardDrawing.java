package dev.fenceline.testbed.observability;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import dev.fenceline.testbed.console.Browsing;
import dev.fenceline.testbed.observability.Dashboards.Dashboard;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Draws a dashboard from its file and from what Prometheus answers, where no Grafana can run: the
 * same panels in the same places with the same queries, legends and units, so that a person can
 * look at them. Confined to one thread.
 */
final class DashboardDrawing {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String CHARTS =
      "/META-INF/resources/webjars/chart.js/4.5.1/dist/chart.umd.js";
  private static final int WIDTH = 1600;
  private static final int POINTS = 60;

  /** What was drawn. */
  record Drawn(List<String> emptyPanels, int panels) {}

  private final PrometheusServer prometheus;
  private final Browsing browsing;

  DashboardDrawing(PrometheusServer prometheus, Browsing browsing) {
    this.prometheus = prometheus;
    this.browsing = browsing;
  }

  /** Draws the last minute into a picture. */
  Drawn draw(Dashboard board, Path picture) throws Exception {
    ObjectNode drawing = JSON.createObjectNode();
    drawing.put("title", board.json().path("title").asString(""));
    ArrayNode panels = drawing.putArray("panels");
    List<String> empty = new ArrayList<>();
    int count = 0;
    for (JsonNode panel : board.json().path("panels")) {
      panels.add(drawn(panel));
      // Panels of a collapsed row come where the row is.
      for (JsonNode inner : panel.path("panels")) {
        panels.add(drawn(inner));
      }
    }
    for (JsonNode panel : panels) {
      if (!panel.path("type").asString("").equals("row")) {
        count++;
        if (panel.path("series").isEmpty()) {
          empty.add(board + ": " + panel.path("title").asString(""));
        }
      }
    }
    String page =
        resource("/dashboards/draw.html")
            .replace("/*CHARTS*/", resource(CHARTS))
            .replace("/*BOARD*/null", JSON.writeValueAsString(drawing).replace("</", "<\\/"));
    Page shown = browsing.page(ColorScheme.DARK, WIDTH, 900);
    shown.setContent(page);
    shown.screenshot(new Page.ScreenshotOptions().setPath(picture).setFullPage(true));
    shown.context().close();
    return new Drawn(empty, count);
  }

  private ObjectNode drawn(JsonNode panel) throws Exception {
    ObjectNode drawn = JSON.createObjectNode();
    drawn.put("title", panel.path("title").asString(""));
    drawn.put("type", panel.path("type").asString(""));
    drawn.set("at", panel.path("gridPos"));
    drawn.put("unit", panel.path("fieldConfig").path("defaults").path("unit").asString("none"));
    ObjectNode mapped = drawn.putObject("mapped");
    for (JsonNode mapping : panel.path("fieldConfig").path("defaults").path("mappings")) {
      mapping
          .path("options")
          .forEachEntry((value, to) -> mapped.put(value, to.path("text").asString("")));
    }
    long end = System.currentTimeMillis() / 1000;
    ArrayNode times = drawn.putArray("times");
    for (int i = 0; i < POINTS; i++) {
      times.add(end - POINTS + 1 + i);
    }
    ArrayNode series = drawn.putArray("series");
    for (JsonNode target : panel.path("targets")) {
      String expression = PromQl.substituted(target.path("expr").asString(""));
      for (JsonNode one : prometheus.range(expression, end - POINTS + 1, end)) {
        ObjectNode line = series.addObject();
        line.put("name", legend(target.path("legendFormat").asString(""), one.path("metric")));
        values(line.putArray("values"), one.path("values"), end - POINTS + 1);
      }
    }
    return drawn;
  }

  private static String legend(String format, JsonNode labels) {
    String legend = format;
    for (var label : labels.properties()) {
      legend =
          legend.replaceAll(
              "\\{\\{\\s*" + label.getKey() + "\\s*}}", label.getValue().asString(""));
    }
    return legend.isEmpty() ? labels.toString() : legend;
  }

  private static void values(ArrayNode into, JsonNode pairs, long first) {
    TreeMap<Long, Double> byTime = new TreeMap<>();
    pairs.forEach(pair -> byTime.put(pair.path(0).asLong(), pair.path(1).asDouble(Double.NaN)));
    for (long at = first; at < first + POINTS; at++) {
      Double value = byTime.get(at);
      if (value == null || value.isNaN()) {
        into.addNull();
      } else {
        into.add(value);
      }
    }
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = DashboardDrawing.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new AssertionError(name + " is missing");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
