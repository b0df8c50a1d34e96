package dev.fenceline.testbed.chart;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The table of values in the chart's README: it says what values.yaml says, of every value. */
class ChartReadmeTest {
  private static final String BEGIN = "<!-- values: made from values.yaml -->\n";
  private static final String END = "<!-- end of values -->";
  private static final Pattern LINE = Pattern.compile("^( *)(?:# (-- )?(.*)|([A-Za-z]+):.*)$");
  private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

  private final Chart chart = Chart.inSourceTree();

  @Test
  void tableOfValues_isThatOfValuesYaml() throws IOException {
    String readme = Files.readString(chart.directory().resolve("README.md"));
    int begin = readme.indexOf(BEGIN) + BEGIN.length();
    String written = readme.substring(begin, readme.indexOf(END));
    String expected = table();
    if (!written.equals(expected)) {
      Files.writeString(Path.of("target", "values-table.md"), expected);
    }
    assertThat(written)
        .as("replace the table in helm/fenceline/README.md by testbed/target/values-table.md")
        .isEqualTo(expected);
  }

  @Test
  void eachValue_isDescribed() throws IOException {
    Map<String, String> descriptions = descriptions();
    List<String> leaves = new ArrayList<>();
    collectLeaves("", chart.defaults(), leaves);
    assertThat(leaves)
        .allMatch(
            leaf ->
                descriptions.keySet().stream()
                    .anyMatch(each -> leaf.equals(each) || leaf.startsWith(each + ".")));
  }

  private static void collectLeaves(String prefix, Map<?, ?> values, List<String> leaves) {
    values.forEach(
        (key, value) -> {
          if (value instanceof Map<?, ?> map && !map.isEmpty()) {
            collectLeaves(prefix + key + ".", map, leaves);
          } else {
            leaves.add(prefix + key);
          }
        });
  }

  private String table() throws IOException {
    StringBuilder table = new StringBuilder("| value | default | |\n|---|---|---|\n");
    Map<String, Object> defaults = chart.defaults();
    descriptions()
        .forEach(
            (path, description) -> {
              Object value = KubernetesObject.follow(defaults, (Object[]) path.split("\\."));
              table.append(
                  "| `%s` | `%s` | %s |\n"
                      .formatted(path, GSON.toJson(value), description.replace("|", "\\|")));
            });
    return table.toString();
  }

  /** What the comments that begin with two dashes say, by the path of the value below them. */
  private Map<String, String> descriptions() throws IOException {
    Map<String, String> descriptions = new LinkedHashMap<>();
    Deque<String> parents = new ArrayDeque<>();
    StringBuilder comment = new StringBuilder();
    for (String line : Files.readAllLines(chart.directory().resolve("values.yaml"))) {
      Matcher matcher = LINE.matcher(line);
      if (!matcher.matches()) {
        comment.setLength(0);
      } else if (matcher.group(4) == null) {
        if (matcher.group(2) != null) {
          comment.setLength(0);
          comment.append(matcher.group(3));
        } else if (!comment.isEmpty()) {
          comment.append(' ').append(matcher.group(3));
        }
      } else {
        while (parents.size() > matcher.group(1).length() / 2) {
          parents.removeLast();
        }
        parents.addLast(matcher.group(4));
        if (!comment.isEmpty()) {
          descriptions.put(String.join(".", parents), comment.toString());
        }
        comment.setLength(0);
      }
    }
    return descriptions;
  }
}
