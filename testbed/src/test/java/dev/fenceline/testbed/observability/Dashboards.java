package dev.fenceline.testbed.observability;

import dev.fenceline.testbed.launch.Installation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The dashboards and rules as files, where chart and compose take them from. Stateless. */
final class Dashboards {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** A dashboard; immutable. */
  record Dashboard(String file, JsonNode json) {
    /** Panels, those in collapsed rows too, rows not. */
    List<JsonNode> panels() {
      List<JsonNode> panels = new ArrayList<>();
      for (JsonNode panel : json.path("panels")) {
        if (panel.path("type").asString("").equals("row")) {
          panel.path("panels").forEach(panels::add);
        } else {
          panels.add(panel);
        }
      }
      return panels;
    }

    /** Variables that are filled by a query. */
    List<JsonNode> queryVariables() {
      List<JsonNode> variables = new ArrayList<>();
      for (JsonNode variable : json.path("templating").path("list")) {
        if (variable.path("type").asString("").equals("query")) {
          variables.add(variable);
        }
      }
      return variables;
    }

    @Override
    public String toString() {
      return file;
    }
  }

  private Dashboards() {}

  static Path filesOfChart() {
    return Installation.current().root().resolve("helm/fenceline/files");
  }

  static List<Dashboard> all() {
    List<Dashboard> all = new ArrayList<>();
    for (Path file : list("dashboards", ".json")) {
      try {
        all.add(new Dashboard(file.getFileName().toString(), JSON.readTree(file.toFile())));
      } catch (RuntimeException e) {
        throw new AssertionError(file + " is not JSON", e);
      }
    }
    return all;
  }

  static List<Path> ruleFiles() {
    return list("rules", ".yaml");
  }

  private static List<Path> list(String directory, String ending) {
    try (Stream<Path> files = Files.list(filesOfChart().resolve(directory))) {
      return files.filter(file -> file.toString().endsWith(ending)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
