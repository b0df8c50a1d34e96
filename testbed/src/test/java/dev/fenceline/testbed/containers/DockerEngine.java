package dev.fenceline.testbed.containers;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.fenceline.testbed.launch.Installation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.testcontainers.DockerClientFactory;

/**
 * What the suite needs of this machine: a Docker engine, and images built from this very tree.
 * Stateless.
 */
final class DockerEngine {
  private static final long BUILD_SECONDS = 1200;

  private DockerEngine() {}

  /** Skips the suite where there is no Docker, and says so; in CI it is a failure. */
  static void require() {
    if (DockerClientFactory.instance().isDockerAvailable()) {
      return;
    }
    String message = "no Docker engine answers: the services were NOT tested as containers";
    if ("true".equals(System.getenv("CI"))) {
      fail(message + ", and CI=true demands it");
    }
    System.err.println(
        "\n" + "!".repeat(72) + "\n!! SKIPPED: " + message + "\n" + "!".repeat(72) + "\n");
    abort(message);
  }

  /**
   * Builds the images as {@code ./fenceline images} does and returns their tag: one per source
   * tree, since several may be tested at once.
   */
  static String buildImages() throws IOException, InterruptedException {
    Path root = Installation.current().root();
    String tag = "test-" + Integer.toHexString(root.toString().hashCode());
    run(root, List.of(root.resolve("tools/build-images").toString(), tag));
    return tag;
  }

  private static void run(Path directory, List<String> command)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(BUILD_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      fail(command + " took longer than " + BUILD_SECONDS + " s:\n" + output);
    }
    if (process.exitValue() != 0) {
      fail(command + " ended with " + process.exitValue() + ":\n" + output);
    }
  }
}
