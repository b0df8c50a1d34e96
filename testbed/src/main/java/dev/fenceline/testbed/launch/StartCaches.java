package dev.fenceline.testbed.launch;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Makes the ahead-of-time caches (JEP 483, 514, 515) that services start faster from: their classes
 * loaded and linked, and what is known of their methods. A small stack is started and stopped, each
 * virtual machine of which records; from the records come the caches, one per kind of service.
 * Stateless; {@code ./fenceline} runs it after a build.
 *
 * <p>A cache is good for just the jars and the virtual machine that it was made with. Another
 * virtual machine, or this one after another build, passes it over.
 */
public final class StartCaches {
  /** Several times what a step takes on two cores that have other things to do. */
  private static final Duration STEP_WITHIN = Duration.ofSeconds(180);

  private static final long POLL_MILLIS = 50;

  private final Installation installation;
  private final Path directory;

  private StartCaches(Installation installation, Path directory) {
    this.installation = installation;
    this.directory = directory;
  }

  public static void main(String[] args) throws InterruptedException {
    make(Installation.current(), System.err);
  }

  /** Never fails: what cannot be made is told in one line, and the services start without it. */
  static void make(Installation installation, PrintStream err) throws InterruptedException {
    Path directory = installation.root().resolve("target").resolve("start-caches");
    try {
      delete(directory);
      new StartCaches(installation, directory).make();
      delete(directory);
    } catch (LaunchFailure | IOException failure) {
      String reason = String.valueOf(failure.getMessage()).replaceFirst("(?s)(; its log|\n).*", "");
      err.println(
          "fenceline: the services will start slower, without caches of their classes: "
              + (failure instanceof LaunchFailure ? reason : failure)
              + " (see "
              + directory
              + ")");
    }
  }

  private void make() throws LaunchFailure, IOException, InterruptedException {
    for (ServiceKind kind : ServiceKind.values()) {
      Files.deleteIfExists(installation.startCache(kind)); // of an earlier build
    }
    record();
    List<ServiceProcess> makers = new ArrayList<>();
    for (ServiceKind kind : ServiceKind.values()) {
      List<String> flags =
          List.of(
              "-XX:AOTMode=create",
              "-XX:AOTConfiguration=" + records(kind),
              "-XX:AOTCache=" + made(kind));
      makers.add(
          ServiceProcess.start(
              "the cache of " + kind.module(),
              directory.resolve(kind.module() + "-cache.log"),
              installation.command(kind, flags)));
    }
    long deadline = System.nanoTime() + STEP_WITHIN.toNanos();
    makers.forEach(maker -> maker.stop(deadline)); // which end by themselves
    for (ServiceKind kind : ServiceKind.values()) {
      // Whoever was ended before it was done leaves an empty one.
      if (!Files.isRegularFile(made(kind)) || Files.size(made(kind)) == 0) {
        throw new LaunchFailure("none was made of " + kind.module());
      }
    }
    for (ServiceKind kind : ServiceKind.values()) {
      Files.move(made(kind), installation.startCache(kind), StandardCopyOption.ATOMIC_MOVE);
    }
  }

  /** What a stack does until its agent is attached and the first have asked how it is. */
  private void record() throws LaunchFailure, IOException, InterruptedException {
    StackSpec spec =
        new StackSpec(
            directory, 1, 1, 1, StackSpec.DEFAULT_MEMORY, STEP_WITHIN, false, List.of(), List.of());
    try (Interruption interruption = Interruption.install(Duration.ZERO);
        HttpClient http = HttpClient.newBuilder().connectTimeout(STEP_WITHIN).build()) {
      Stack stack = Stack.start(this::recording, spec, interruption);
      long deadline = System.nanoTime() + STEP_WITHIN.toNanos();
      while (!get(http, stack.restAddress() + "/api/v1/agents").contains("\"attached\"")) {
        if (System.nanoTime() - deadline > 0) {
          throw new LaunchFailure("the agent did not attach within " + STEP_WITHIN);
        }
        Thread.sleep(POLL_MILLIS);
      }
      for (ServiceProcess process : stack.processes()) {
        get(http, "http://" + process.httpAddress() + "/actuator/health/readiness");
        get(http, "http://" + process.httpAddress() + "/actuator/prometheus");
      }
      stack.close(STEP_WITHIN); // each writes its records before it ends
    }
  }

  private List<String> recording(ServiceKind kind) throws LaunchFailure {
    return installation.command(
        kind, List.of("-XX:AOTMode=record", "-XX:AOTConfiguration=" + records(kind)));
  }

  private Path records(ServiceKind kind) {
    return directory.resolve(kind.module() + ".aotconf");
  }

  private Path made(ServiceKind kind) {
    return directory.resolve(kind.module() + ".aot");
  }

  /** Whatever it answers: while it recovers, the coordinator refuses. */
  private static String get(HttpClient http, String url) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(URI.create(url)).timeout(STEP_WITHIN).build();
    return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(StartCaches::deleteOne);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static void deleteOne(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
