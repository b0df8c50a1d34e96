package dev.fenceline.testbed.bench;

import dev.fenceline.testbed.report.Latency;
import dev.fenceline.testbed.report.Percentiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * A fence over loopback gRPC against a bare gRPC broadcast and its echoes, by turns, on the same
 * threads of the same process. From the submission of the invalidation of one page, which every
 * agent holds, until it has ended with all acknowledgements; against from the first send until the
 * last echo.
 */
final class FenceRoundTrip implements Bench {
  private static final int[] AGENTS = {1, 8};

  /** Round trips of one side before it is the other one's turn; also how many are in flight. */
  private static final int BURST = 64;

  private static final double GOAL_RATIO = 1.5;

  /** Transport threads of all servers, and as many of all clients: together one per core. */
  private static final int LOOPS_PER_SIDE =
      Math.max(1, Runtime.getRuntime().availableProcessors() / 2);

  @Override
  public String name() {
    return "fence-roundtrip";
  }

  @Override
  public List<Figure> run(Effort effort) throws IOException {
    List<Figure> figures = new ArrayList<>();
    for (int agents : AGENTS) {
      Signal signal = new Signal();
      try (Loops loops = new Loops(LOOPS_PER_SIDE);
          LoopbackHost host = new LoopbackHost(loops, BURST, signal)) {
        host.attach(loops, agents);
        host.grantAll();
        host.invalidate(0);
        try (EchoBroadcast echo =
            new EchoBroadcast(loops, agents, host.invalidateBytes(), signal)) {
          String suffix = agents == 1 ? ", 1 agent" : ", " + agents + " agents";
          figures.addAll(oneByOne(effort, host, echo, suffix));
          figures.addAll(inFlight(effort, host, echo, suffix));
        }
      }
    }
    return figures;
  }

  private List<Figure> oneByOne(
      Effort effort, LoopbackHost host, EchoBroadcast echo, String suffix) {
    Turns turns = new Turns(host, echo);
    turns.runFor(effort.warmUpNanos());
    double[][] columns = new double[6][effort.rounds()];
    for (int round = 0; round < effort.rounds(); round++) {
      turns.runFor(effort.roundNanos());
      Latency fence = turns.fences();
      Latency bare = turns.echoes();
      columns[0][round] = fence.p50Micros() / bare.p50Micros();
      columns[1][round] = fence.p50Micros();
      columns[2][round] = bare.p50Micros();
      columns[3][round] = fence.p99Micros() / bare.p99Micros();
      columns[4][round] = fence.p99Micros();
      columns[5][round] = bare.p99Micros();
    }
    return List.of(
        new Figure(
            name(),
            "fence p50 / echo p50" + suffix,
            "ratio",
            Spread.of(columns[0]),
            Goal.atMost(GOAL_RATIO)),
        figure("fence p50" + suffix, "us", columns[1]),
        figure("echo p50" + suffix, "us", columns[2]),
        figure("fence p99 / echo p99" + suffix, "ratio", columns[3]),
        figure("fence p99" + suffix, "us", columns[4]),
        figure("echo p99" + suffix, "us", columns[5]));
  }

  private List<Figure> inFlight(
      Effort effort, LoopbackHost host, EchoBroadcast echo, String suffix) {
    double[][] columns = new double[2][effort.rounds()];
    for (int round = -1; round < effort.rounds(); round++) {
      long nanos = round < 0 ? effort.warmUpNanos() : effort.roundNanos();
      Stopwatch fences = new Stopwatch();
      Stopwatch echoes = new Stopwatch();
      long startedNanos = System.nanoTime();
      do {
        host.grantAll();
        fences.start();
        host.invalidateAllAtOnce();
        fences.stop(BURST);
        echoes.start();
        echo.run(BURST);
        echoes.stop(BURST);
      } while (System.nanoTime() - startedNanos < nanos);
      if (round >= 0) {
        columns[0][round] = 1e9 / fences.nanosPerUnit();
        columns[1][round] = 1e9 / echoes.nanosPerUnit();
      }
    }
    return List.of(
        figure("fences, " + BURST + " in flight" + suffix, "per second", columns[0]),
        figure("echo broadcasts, " + BURST + " in flight" + suffix, "per second", columns[1]));
  }

  private Figure figure(String name, String unit, double[] rounds) {
    return new Figure(name(), name, unit, Spread.of(rounds), null);
  }

  /** Both sides by turns, one round trip at a time. Confined to the measuring thread. */
  private static final class Turns {
    private final LoopbackHost host;
    private final EchoBroadcast echo;
    private Percentiles fences = new Percentiles();
    private Percentiles echoes = new Percentiles();

    Turns(LoopbackHost host, EchoBroadcast echo) {
      this.host = host;
      this.echo = echo;
    }

    void runFor(long nanos) {
      fences = new Percentiles();
      echoes = new Percentiles();
      long startedNanos = System.nanoTime();
      do {
        host.grantAll();
        burst(fences, host::invalidate);
        burst(echoes, page -> echo.run(1));
      } while (System.nanoTime() - startedNanos < nanos);
    }

    Latency fences() {
      return latency(fences);
    }

    Latency echoes() {
      return latency(echoes);
    }

    private static void burst(Percentiles percentiles, IntConsumer trip) {
      for (int i = 0; i < BURST; i++) {
        long startedNanos = System.nanoTime();
        trip.accept(i);
        percentiles.record(System.nanoTime() - startedNanos);
      }
    }

    private static Latency latency(Percentiles percentiles) {
      Latency latency = percentiles.latency();
      if (latency == null) {
        throw new IllegalStateException("no round trip was made");
      }
      return latency;
    }
  }
}
