package dev.fenceline.testbed.bench;

import dev.fenceline.client.HostClient;
import dev.fenceline.client.Mapping;
import dev.fenceline.client.ServiceChannel;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import dev.fenceline.testbed.launch.Installation;
import dev.fenceline.testbed.launch.Interruption;
import dev.fenceline.testbed.launch.LaunchFailure;
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
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Ranges over REST, through the real coordinator and the real host: how long one query takes in an
 * address space of 10,000 ranges, and whether paging through many grows anything. Confined to the
 * thread that runs it.
 */
final class RestRanges implements Bench {
  private static final int QUERIED = 10_000;
  private static final int PER_SPACE = 50_000;
  private static final int PAGED_SPACES = 20;
  private static final long BASE = 0x7000_0000_0000L;
  private static final long STRIDE = 0x4000;
  private static final long RANGE_BYTES = 0x2000;
  private static final int WRITERS = 8;
  private static final int PAGE = 1000;
  private static final Pattern CURSOR = Pattern.compile("\"nextCursor\":\"([^\"]+)\"");
  private static final Duration BOUND = Duration.ofSeconds(30);

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(BOUND).build();

  @Override
  public String name() {
    return "rest";
  }

  @Override
  public List<Figure> run(Effort effort) throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("fenceline-rest");
    boolean full = effort.rounds() == Effort.FULL.rounds();
    try (Interruption interruption = Interruption.install(Duration.ofSeconds(5));
        Stack stack =
            Stack.start(Installation.current(), StackSpec.of(directory, 1, 1), interruption);
        ServiceChannel channel = ServiceChannel.to(stack.host().grpcAddress())) {
      HostClient host = new HostClient(channel, BOUND);
      String rest = stack.restAddress() + "/api/v1/address-spaces/";
      List<Figure> figures = new ArrayList<>(queries(host, rest, effort));
      int spaces = full ? PAGED_SPACES : 1;
      List<String> paged = new ArrayList<>();
      for (int i = 0; i < spaces; i++) {
        paged.add(rest + hostSpace(fill(host, "paged-" + i, PER_SPACE)));
      }
      figures.addAll(paging(stack, paged, spaces * PER_SPACE));
      return figures;
    } catch (LaunchFailure failure) {
      throw new IllegalStateException(failure.getMessage(), failure);
    }
  }

  private List<Figure> queries(HostClient host, String rest, Effort effort)
      throws IOException, InterruptedException {
    String ranges = rest + hostSpace(fill(host, "queried", QUERIED)) + "/ranges?limit=100&start=0x";
    SplittableRandom random = new SplittableRandom(1);
    double[] medians = new double[effort.rounds()];
    double[] tails = new double[effort.rounds()];
    for (int round = -1; round < effort.rounds(); round++) {
      long untilNanos =
          System.nanoTime() + (round < 0 ? effort.warmUpNanos() : effort.roundNanos());
      List<Long> times = new ArrayList<>();
      while (System.nanoTime() < untilNanos || times.size() < 50) {
        long start = BASE + random.nextInt(QUERIED - 100) * STRIDE;
        long beganNanos = System.nanoTime();
        get(ranges + Long.toHexString(start));
        times.add(System.nanoTime() - beganNanos);
      }
      if (round >= 0) {
        long[] sorted = times.stream().mapToLong(Long::longValue).sorted().toArray();
        medians[round] = sorted[sorted.length / 2] / 1e6;
        tails[round] = sorted[(int) (sorted.length * 0.99)] / 1e6;
      }
    }
    return List.of(
        new Figure(name(), "100 of 10,000 ranges, p50", "ms", Spread.of(medians), null),
        new Figure(name(), "100 of 10,000 ranges, p99", "ms", Spread.of(tails), Goal.atMost(20)));
  }

  private List<Figure> paging(Stack stack, List<String> spaces, int expected)
      throws IOException, InterruptedException {
    // The first pass makes the heap as large as it gets; what counts is whether the second adds.
    double warm = pass(spaces, expected);
    long before = Resident.kibibytes(stack.coordinator().pid());
    double seconds = pass(spaces, expected);
    long after = Resident.kibibytes(stack.coordinator().pid());
    String what = "%,d ranges in pages of 1,000".formatted(expected);
    return List.of(
        new Figure(name(), what, "ranges/s", Spread.of(expected / warm, expected / seconds), null),
        new Figure(
            name(),
            what + ": growth of the coordinator",
            "MiB",
            Spread.exactly((after - before) / 1024.0),
            Goal.atMost(8)),
        new Figure(
            name(),
            "coordinator after it, resident",
            "MiB",
            Spread.exactly(after / 1024.0),
            Goal.atMost(300)));
  }

  /** Seconds. */
  private double pass(List<String> spaces, int expected) throws IOException, InterruptedException {
    long beganNanos = System.nanoTime();
    int seen = 0;
    for (String space : spaces) {
      String cursor = "";
      do {
        String body = get(space + "/ranges?limit=" + PAGE + cursor);
        seen += body.split("\"generation\":", -1).length - 1;
        Matcher next = CURSOR.matcher(body);
        cursor = next.find() ? "&cursor=" + next.group(1) : "";
      } while (!cursor.isEmpty());
    }
    if (seen != expected) {
      throw new IllegalStateException("paging saw " + seen + " ranges of " + expected);
    }
    return (System.nanoTime() - beganNanos) / 1e9;
  }

  private String get(String url) throws IOException, InterruptedException {
    HttpResponse<String> response =
        http.send(
            HttpRequest.newBuilder(URI.create(url)).timeout(BOUND).build(),
            HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      throw new IllegalStateException(url + " answers " + response.body());
    }
    return response.body();
  }

  private static String hostSpace(SpaceClient space) {
    return "host-1." + Long.toUnsignedString(space.id());
  }

  /** Apart from each other, so that they do not merge. */
  private static SpaceClient fill(HostClient host, String name, int ranges)
      throws InterruptedException {
    SpaceClient space = host.createSpace(name, NotificationMode.SPLIT);
    try (ExecutorService writers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> parts = new ArrayList<>();
      for (int writer = 0; writer < WRITERS; writer++) {
        int first = writer;
        parts.add(
            writers.submit(
                () -> {
                  for (int i = first; i < ranges; i += WRITERS) {
                    space.map(
                        Mapping.at(BASE + i * STRIDE, RANGE_BYTES, Protection.READ_WRITE),
                        WaitPolicy.BLOCK);
                  }
                }));
      }
      for (Future<?> part : parts) {
        part.get();
      }
    } catch (ExecutionException failure) {
      throw new IllegalStateException("the ranges could not be mapped", failure.getCause());
    }
    return space;
  }
}
