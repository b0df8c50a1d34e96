package dev.fenceline.testbed.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ./fenceline bench}. Confined to the main thread. */
@Command(
    name = "bench",
    description =
        "Measures what has to be fast: interval-lookup, engine, fence-roundtrip, drain, memory,"
            + " rest, reclaim-latency, stack, migration. Wants a machine with nothing else to do. A"
            + " missed goal is said, and is no"
            + " failure.",
    mixinStandardHelpOptions = true)
public final class BenchCommand implements Callable<Integer> {
  private static final double NANOS_PER_SECOND = 1e9;

  @Option(
      names = "--only",
      paramLabel = "NAME",
      description = "Only this measurement; may be repeated.")
  private List<String> only = new ArrayList<>();

  @Option(names = "--report", paramLabel = "FILE", description = "Writes the figures as JSON.")
  private @Nullable Path report;

  @Option(
      names = "--markdown",
      paramLabel = "FILE",
      description = "Writes the figures as a table, between its marks if the file exists.")
  private @Nullable Path markdown;

  @Option(names = "--quick", description = "Seconds instead of minutes; the figures are rough.")
  private boolean quick;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Machine machine = Machine.here();
    System.out.println(machine.describe());
    long startedNanos = System.nanoTime();
    List<Figure> figures = new ArrayList<>();
    for (Bench bench : chosen()) {
      System.out.println(bench.name() + "...");
      List<Figure> measured = bench.run(quick ? Effort.QUICK : Effort.FULL);
      measured.forEach(figure -> System.out.println(BenchReport.line(figure)));
      figures.addAll(measured);
    }
    double seconds = (System.nanoTime() - startedNanos) / NANOS_PER_SECOND;
    BenchReport result = new BenchReport(machine, quick, seconds, figures);
    System.out.printf("%.0f s, %d goals missed%n", seconds, result.goalsMissed());
    if (report != null) {
      result.writeJson(report);
    }
    if (markdown != null) {
      result.writeMarkdown(markdown);
    }
    return 0;
  }

  private List<Bench> chosen() {
    List<Bench> all =
        List.of(
            new IntervalLookup(),
            new EngineThroughput(),
            new FenceRoundTrip(),
            new DrainTimes(),
            new PageMemory(),
            new RestRanges(),
            new ReclaimLatency(),
            new MigrationBench(),
            new Overcommit(),
            new StackStart());
    List<String> names = all.stream().map(Bench::name).toList();
    for (String name : only) {
      if (!names.contains(name) && spec != null) {
        throw new ParameterException(
            spec.commandLine(), "no measurement is called " + name + "; there are " + names);
      }
    }
    return only.isEmpty() ? all : all.stream().filter(b -> only.contains(b.name())).toList();
  }
}
