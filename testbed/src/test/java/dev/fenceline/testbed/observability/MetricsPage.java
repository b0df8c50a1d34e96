package dev.fenceline.testbed.observability;

import dev.fenceline.testbed.launch.Installation;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Fenceline's metrics as {@code name -> type{labels}}: as exposed, and as documented. Stateless.
 */
final class MetricsPage {
  private static final Pattern TYPE = Pattern.compile("# TYPE (fenceline_\\w+) (\\w+)");
  private static final Pattern SERIES = Pattern.compile("(fenceline_\\w+)(?:\\{(.*)\\})? \\S+");
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"(?:[^\"\\\\]|\\\\.)*\"");

  private static final Pattern ROW =
      Pattern.compile("\\| `(fenceline_\\w+)` \\| (\\w+) \\| ([^|]+) \\|([^|]*)\\| ([^|]+) \\|");

  private MetricsPage() {}

  /** What a scrape in Prometheus' text format holds. */
  static Map<String, String> exposed(String scrape) {
    Map<String, String> types = new TreeMap<>();
    Map<String, Set<String>> labels = new TreeMap<>();
    for (String line : scrape.split("\n", -1)) {
      Matcher type = TYPE.matcher(line);
      Matcher series = SERIES.matcher(line);
      if (type.matches()) {
        types.put(type.group(1), type.group(2));
      } else if (series.matches()) {
        String family = family(series.group(1), types);
        Set<String> of = labels.computeIfAbsent(family, name -> new TreeSet<>());
        Matcher label = LABEL.matcher(series.group(2) == null ? "" : series.group(2));
        while (label.find()) {
          of.add(label.group(1));
        }
        of.remove("le");
      }
    }
    Map<String, String> metrics = new TreeMap<>();
    types.forEach(
        (name, type) -> {
          // Micrometer adds the greatest of the last minutes to each histogram.
          boolean greatest =
              name.endsWith("_max")
                  && "histogram".equals(types.get(name.substring(0, name.length() - 4)));
          if (!greatest) {
            metrics.put(name, type + labels.getOrDefault(name, new TreeSet<>()));
          }
        });
    return metrics;
  }

  private static String family(String name, Map<String, String> types) {
    if (types.containsKey(name)) {
      return name;
    }
    return name.replaceAll("_(bucket|count|sum)$", "");
  }

  /** What docs/METRICS.md holds. */
  static Map<String, String> documented() throws IOException {
    Map<String, String> metrics = new TreeMap<>();
    String page =
        Files.readString(Installation.current().root().resolve("docs").resolve("METRICS.md"));
    for (String line : page.split("\n", -1)) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        Set<String> labels = new TreeSet<>();
        for (String label : row.group(4).replace("`", "").split(",", -1)) {
          if (!label.isBlank()) {
            labels.add(label.strip());
          }
        }
        metrics.put(row.group(1), row.group(2) + labels);
      }
    }
    return metrics;
  }
}
