package dev.fenceline.testbed.observability;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The real {@code prometheus} and {@code promtool} of this machine. Stateless. */
final class PrometheusTools {
  private static final long BOUND_SECONDS = 150;

  /** How a tool ended; immutable. */
  record Ending(int exitCode, String output) {}

  private PrometheusTools() {}

  /**
   * Where a tool is; without it the test fails in CI, and is skipped with a loud word elsewhere.
   */
  static Path find(String tool) {
    Optional<Path> found = onPath(tool);
    if (found.isPresent()) {
      return found.get();
    }
    String message =
        tool
            + " is not installed: rules and dashboards are NOT tested (apt-get install prometheus)";
    System.err.println("!!!! " + message);
    if (isCi()) {
      throw new AssertionError(message + ", and this is CI");
    }
    return abort(message);
  }

  private static boolean isCi() {
    return "true".equalsIgnoreCase(System.getProperty("CI", System.getenv("CI")));
  }

  private static Optional<Path> onPath(String tool) {
    for (String directory : System.getenv("PATH").split(File.pathSeparator)) {
      Path candidate = Path.of(directory, tool);
      if (Files.isExecutable(candidate)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  /** Runs promtool to its end. */
  static Ending promtool(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(find("promtool").toString()));
    command.addAll(List.of(arguments));
    Path output = Files.createTempFile("promtool", ".log");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      if (!process.waitFor(BOUND_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(command + " did not end");
      }
      return new Ending(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
    } finally {
      Files.delete(output);
    }
  }
}
