package dev.fenceline.testbed.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The figures of one run and the forms in which they are kept; immutable.
 *
 * <table>
 * <caption>Keys of the JSON form</caption>
 * <tr><th>key</th><th>meaning</th></tr>
 * <tr><td>command</td><td>bench</td></tr>
 * <tr><td>violations</td><td>0: a measurement whose subject misbehaves ends the run without a
 *     report</td></tr>
 * <tr><td>goalsMissed</td><td>figures whose median misses its goal</td></tr>
 * <tr><td>quick</td><td>whether the figures are rough on purpose</td></tr>
 * <tr><td>durationSeconds</td><td>the whole run</td></tr>
 * <tr><td>machine.{cores,java,system,load}</td><td>what it ran on, and how busy that was</td></tr>
 * <tr><td>figures[]</td><td>{@code {bench, name, unit, median, lowest, highest, rounds, goal,
 *     verdict}}; goal is null or {@code {direction, bound}}</td></tr>
 * </table>
 */
record BenchReport(Machine machine, boolean quick, double durationSeconds, List<Figure> figures) {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  /** What stands between these in a document is replaced. */
  private static final String BEGIN = "<!-- figures: begin -->";

  private static final String END = "<!-- figures: end -->";

  long goalsMissed() {
    return figures.stream()
        .filter(f -> f.goal() != null && !f.verdict().equals("goal met"))
        .count();
  }

  void writeJson(Path file) throws IOException {
    write(file, MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(tree()) + "\n");
  }

  /**
   * Puts the table in the place that the document keeps for it, or makes a document of the table.
   *
   * @throws IOException also if the document has no such place
   */
  void writeMarkdown(Path file) throws IOException {
    if (!Files.exists(file)) {
      write(file, placed(markdown()));
      return;
    }
    String document = Files.readString(file);
    int begin = document.indexOf(BEGIN);
    int end = document.indexOf(END);
    if (begin < 0 || end < begin) {
      throw new IOException(file + " has no lines " + BEGIN + " and " + END);
    }
    String after = document.substring(end + END.length());
    write(file, document.substring(0, begin) + placed(markdown()).stripTrailing() + after);
  }

  /** One line for people. */
  static String line(Figure figure) {
    Spread spread = figure.spread();
    String range =
        spread.rounds() == 1
            ? ""
            : " (" + number(spread.lowest()) + " to " + number(spread.highest()) + ")";
    return "  %-15s  %-64s  %s %s%s%s"
        .formatted(
            figure.bench(),
            figure.name(),
            number(spread.median()),
            figure.unit(),
            range,
            figure.goal() == null ? "" : "  goal " + goal(figure.goal()) + ": " + figure.verdict());
  }

  String markdown() {
    StringBuilder out = new StringBuilder();
    out.append(quick ? "Rough figures of a quick run on " : "Measured on ");
    out.append(machine.describe()).append(".\n\n");
    out.append("| measurement | figure | unit | median | lowest to highest | goal | |\n");
    out.append("|---|---|---|---:|---|---|---|\n");
    for (Figure figure : figures) {
      Spread spread = figure.spread();
      String range =
          spread.rounds() == 1 ? "" : number(spread.lowest()) + " to " + number(spread.highest());
      String[] cells = {
        figure.bench(),
        figure.name(),
        figure.unit(),
        number(spread.median()),
        range,
        figure.goal() == null ? "" : goal(figure.goal()),
        figure.verdict()
      };
      out.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }
    return out.toString();
  }

  private static String placed(String table) {
    return BEGIN + "\n" + table + END + "\n";
  }

  private static String goal(Goal goal) {
    return switch (goal.direction()) {
      case AT_MOST -> "at most " + number(goal.bound());
      case AT_LEAST -> "at least " + number(goal.bound());
    };
  }

  private static String number(double value) {
    return String.format(
        Locale.ROOT, value >= 1_000 ? "%,.0f" : value >= 100 ? "%.0f" : "%.2f", value);
  }

  private static void write(Path file, String text) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (directory != null) {
      Files.createDirectories(directory);
    }
    Files.writeString(file, text);
  }

  private ObjectNode tree() {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("command", "bench");
    root.put("violations", 0);
    root.put("goalsMissed", goalsMissed());
    root.put("quick", quick);
    root.put("durationSeconds", durationSeconds);
    ObjectNode on = root.putObject("machine");
    on.put("cores", machine.cores());
    on.put("java", machine.java());
    on.put("system", machine.system());
    on.put("load", machine.load());
    ArrayNode list = root.putArray("figures");
    figures.forEach(figure -> list.add(tree(figure)));
    return root;
  }

  private static ObjectNode tree(Figure figure) {
    ObjectNode node = MAPPER.createObjectNode();
    Spread spread = figure.spread();
    node.put("bench", figure.bench());
    node.put("name", figure.name());
    node.put("unit", figure.unit());
    node.put("median", spread.median());
    node.put("lowest", spread.lowest());
    node.put("highest", spread.highest());
    node.put("rounds", spread.rounds());
    Goal goal = figure.goal();
    if (goal == null) {
      node.putNull("goal");
    } else {
      ObjectNode bound = node.putObject("goal");
      bound.put("direction", goal.direction().name().toLowerCase(Locale.ROOT));
      bound.put("bound", goal.bound());
    }
    node.put("verdict", figure.verdict());
    return node;
  }
}
