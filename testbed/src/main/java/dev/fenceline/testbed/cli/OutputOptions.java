package dev.fenceline.testbed.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How to show an answer. Confined to the main thread. */
final class OutputOptions {
  private static final double MAX_WATCH_SECONDS = 3600;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      description = "table, json (the server's own document) or yaml (default: table).")
  private String format = "table";

  @Option(
      names = "--watch",
      arity = "0..1",
      fallbackValue = "2",
      paramLabel = "SECONDS",
      description =
          "Ask again and again (default: every 2 s): redrawn in place on a terminal, appended otherwise.")
  private @Nullable Double watchSeconds;

  @Option(names = "--no-color", description = "No colours; $NO_COLOR does the same.")
  private boolean noColor;

  /** The forms of an answer. */
  enum Format {
    TABLE,
    JSON,
    YAML,
    DOT
  }

  /**
   * The form asked for.
   *
   * @throws IllegalArgumentException if there is none of that name, or only for another command
   */
  Format format(boolean dotPossible) {
    if (dotPossible && format.equals("dot")) {
      return Format.DOT;
    }
    return switch (format) {
      case "table" -> Format.TABLE;
      case "json" -> Format.JSON;
      case "yaml" -> Format.YAML;
      default ->
          throw new IllegalArgumentException(
              "-o "
                  + format
                  + " is no format; take table, json"
                  + (dotPossible ? ", yaml or dot" : " or yaml"));
    };
  }

  boolean watches() {
    return watchSeconds != null;
  }

  long watchMillis() {
    double seconds = watchSeconds == null ? 0 : watchSeconds;
    if (!(seconds >= 0.1 && seconds <= MAX_WATCH_SECONDS)) {
      throw new IllegalArgumentException(
          "--watch is " + seconds + " s; it must be in [0.1, " + (int) MAX_WATCH_SECONDS + "]");
    }
    return Math.round(seconds * 1000);
  }

  boolean noColor() {
    return noColor;
  }
}
