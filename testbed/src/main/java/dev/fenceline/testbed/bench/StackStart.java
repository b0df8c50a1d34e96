package dev.fenceline.testbed.bench;

import dev.fenceline.testbed.launch.Installation;
import dev.fenceline.testbed.launch.Interruption;
import dev.fenceline.testbed.launch.LaunchFailure;
import dev.fenceline.testbed.launch.ServiceProcess;
import dev.fenceline.testbed.launch.Stack;
import dev.fenceline.testbed.launch.StackSpec;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * A coordinator, a host and three agents from nothing to attached: how long that takes, how much
 * memory each has then, and how long one scrape of each takes. Confined to the thread that runs it.
 */
final class StackStart implements Bench {
  private static final int AGENTS = 3;
  private static final int MOST_STARTS = 5;
  private static final int SCRAPES = 30;
  private static final Duration BOUND = Duration.ofSeconds(60);

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(BOUND).build();

  /** One start: until everybody is there. */
  private record Start(double seconds, double processorSeconds) {}

  /** What was seen of one kind of service, start by start. */
  private static final class Seen {
    final List<Double> residentMebibytes = new ArrayList<>();
    final List<Double> scrapeMillis = new ArrayList<>();
  }

  @Override
  public String name() {
    return "stack";
  }

  @Override
  public List<Figure> run(Effort effort) throws IOException, InterruptedException {
    int starts = Math.min(MOST_STARTS, effort.rounds());
    List<Start> all = new ArrayList<>();
    TreeMap<String, Seen> services = new TreeMap<>();
    for (int i = 0; i < starts; i++) {
      all.add(once(Files.createTempDirectory("fenceline-stack"), services));
    }
    List<Figure> figures = new ArrayList<>();
    figures.add(
        new Figure(
            name(),
            "coordinator, host, 3 agents: from the start to three attached agents over REST",
            "s",
            spread(all.stream().map(Start::seconds).toList()),
            Goal.atMost(12)));
    figures.add(
        new Figure(
            name(),
            "processor time of the five until then",
            "s",
            spread(all.stream().map(Start::processorSeconds).toList()),
            null));
    services.forEach(
        (service, seen) -> {
          figures.add(
              new Figure(
                  name(),
                  service + " then, resident",
                  "MiB",
                  spread(seen.residentMebibytes),
                  Goal.atMost(300)));
          figures.add(
              new Figure(
                  name(),
                  "a scrape of the " + service + ", median",
                  "ms",
                  spread(seen.scrapeMillis),
                  Goal.atMost(50)));
        });
    return figures;
  }

  private Start once(Path directory, TreeMap<String, Seen> services)
      throws IOException, InterruptedException {
    long beganNanos = System.nanoTime();
    try (Interruption interruption = Interruption.install(Duration.ofSeconds(5));
        Stack stack =
            Stack.start(Installation.current(), StackSpec.of(directory, AGENTS, 1), interruption)) {
      long untilNanos = beganNanos + BOUND.toNanos();
      String agents = stack.restAddress() + "/api/v1/agents";
      while (get(agents).split("\"attached\"", -1).length <= AGENTS) {
        if (System.nanoTime() - untilNanos > 0) {
          throw new IllegalStateException("the agents did not attach within " + BOUND);
        }
        Thread.sleep(20);
      }
      Start start =
          new Start((System.nanoTime() - beganNanos) / 1e9, processorSeconds(stack.processes()));
      for (ServiceProcess process : stack.processes()) {
        look(process, services.computeIfAbsent(kind(process), unused -> new Seen()));
      }
      return start;
    } catch (LaunchFailure failure) {
      throw new IllegalStateException(failure.getMessage(), failure);
    }
  }

  /** What a busy machine changes least. */
  private static double processorSeconds(List<ServiceProcess> processes) {
    return processes.stream()
        .flatMap(process -> ProcessHandle.of(process.pid()).stream())
        .flatMap(handle -> handle.info().totalCpuDuration().stream())
        .mapToDouble(used -> used.toMillis() / 1e3)
        .sum();
  }

  private static String kind(ServiceProcess process) {
    return process.name().replaceFirst("-\\d+$", "");
  }

  private void look(ServiceProcess process, Seen seen) throws IOException, InterruptedException {
    String page = "http://" + process.httpAddress() + "/actuator/prometheus";
    double[] millis = new double[SCRAPES];
    for (int i = 0; i < SCRAPES; i++) {
      long beganNanos = System.nanoTime();
      get(page);
      millis[i] = (System.nanoTime() - beganNanos) / 1e6;
    }
    seen.scrapeMillis.add(Spread.of(millis).median());
    seen.residentMebibytes.add(Resident.kibibytes(process.pid()) / 1024.0);
  }

  /** Whatever it answers: while it recovers, the coordinator refuses. */
  private String get(String url) throws IOException, InterruptedException {
    return http.send(
            HttpRequest.newBuilder(URI.create(url)).timeout(BOUND).build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  private static Spread spread(List<Double> values) {
    return Spread.of(values.stream().mapToDouble(Double::doubleValue).toArray());
  }
}
