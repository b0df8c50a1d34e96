package dev.fenceline.testbed.sim;

import dev.fenceline.testbed.report.Progress;
import dev.fenceline.testbed.report.ReportJson;
import dev.fenceline.testbed.report.ReportPrinter;
import dev.fenceline.testbed.report.RunReport;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code fenceline sim}: runs seeds through the simulator. Confined to the main thread. */
@Command(
    name = "sim",
    description =
        "Simulates host, agents and coordinator under faults, in virtual time, one seed after the"
            + " other, and checks the protocol's invariants.",
    mixinStandardHelpOptions = true)
public final class SimCommand implements Callable<Integer> {
  private static final int WIDTH = 100;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description = "how many seeds to run (default: ${DEFAULT-VALUE})",
      defaultValue = "1000")
  private long seeds;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "the first of them (default: ${DEFAULT-VALUE})",
      defaultValue = "1")
  private long seed;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "runs at a time (default: the processors)")
  private @Nullable Integer threads;

  @Option(
      names = "--breakage",
      paramLabel = "NAME",
      description =
          "wire the engines together with this error, to see it found: ${COMPLETION-CANDIDATES}",
      defaultValue = "NONE")
  private Breakage breakage = Breakage.NONE;

  @Option(names = "--trace", description = "print every event of the seeds")
  private boolean trace;

  @Option(names = "--report", paramLabel = "FILE", description = "write the result as JSON")
  private @Nullable Path report;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException, IOException {
    if (seeds < 1 || (threads != null && threads < 1)) {
      CommandSpec known = spec;
      if (known != null) {
        throw new ParameterException(known.commandLine(), "--seeds and --threads must be positive");
      }
      return 2;
    }
    PrintStream out = System.out;
    if (trace) {
      for (long s = seed; s < seed + seeds; s++) {
        out.print(Simulation.traced(s, breakage).trace());
      }
    }
    boolean terminal = System.console() != null && System.console().isTerminal();
    Progress line = new Progress(System.err, terminal, WIDTH);
    long start = System.nanoTime();
    Set<Long> seen = new HashSet<>();
    Campaign campaign =
        new Campaign(
            seed,
            seeds,
            breakage,
            tally -> {
              for (SeedResult violation : tally.violations()) {
                if (seen.add(violation.seed())) {
                  line.clear();
                  System.err.println(told(violation));
                }
              }
              line.update(System.nanoTime(), progress(tally, System.nanoTime() - start));
            });
    Campaign.Tally tally =
        campaign.run(threads != null ? threads : Runtime.getRuntime().availableProcessors());
    long took = System.nanoTime() - start;
    line.finish(System.nanoTime(), progress(tally, took));
    RunReport result = report(tally, took);
    out.print(new ReportPrinter(terminal).print(result));
    details(out, tally);
    if (report != null) {
      ReportJson.write(result, report);
    }
    return result.outcome().passed() ? 0 : 1;
  }

  private String progress(Campaign.Tally tally, long nanos) {
    return "%,d of %,d seeds, %,.0f a minute, %d with violations"
        .formatted(tally.seeds(), seeds, perMinute(tally, nanos), tally.violatingSeeds());
  }

  private static double perMinute(Campaign.Tally tally, long nanos) {
    return tally.seeds() * 60e9 / Math.max(1, nanos);
  }

  private static String told(SeedResult result) {
    return result.replayLine() + "   # " + result.violation();
  }

  private static RunReport report(Campaign.Tally tally, long nanos) {
    TreeMap<String, Long> kinds = new TreeMap<>();
    kinds.put("address space", tally.spaceOperations());
    kinds.put("data", tally.dataOperations());
    List<String> failures = tally.violations().stream().map(SimCommand::told).toList();
    return new RunReport(
        new RunReport.Origin("sim", null, nanos / 1e9, null, null),
        new RunReport.Outcome(tally.violatingSeeds(), tally.dataOperations(), failures),
        new RunReport.Work(
            tally.spaceOperations() + tally.dataOperations(),
            kinds,
            tally.invalidations(),
            tally.times(Sometimes.BACKED_OFF),
            tally.times(Sometimes.COLLISION_RETRY)),
        null,
        List.of(),
        null,
        new RunReport.Campaign(tally.seeds(), perMinute(tally, nanos)));
  }

  private static void details(PrintStream out, Campaign.Tally tally) {
    out.printf(
        "%nper seed: %,d events, %,d faults, %,d fences; worst fence %.2f ms of %.2f ms%n",
        tally.events() / tally.seeds(),
        tally.faults() / tally.seeds(),
        tally.fences() / tally.seeds(),
        tally.worstFenceNanos() / 1e6,
        SimSettings.LEASES.fenceBoundNanos() / 1e6);
    out.println("reached, over all seeds:");
    for (Sometimes what : Sometimes.values()) {
      out.printf("  %,14d  %s%n", tally.times(what), what);
    }
  }
}
