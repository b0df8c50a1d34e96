package dev.fenceline.testbed.bench;

import dev.fenceline.agent.adapter.grpc.GrpcHostConnector;
import dev.fenceline.agent.engine.LinkSettings;
import dev.fenceline.agent.runtime.AgentObserver;
import dev.fenceline.agent.runtime.AgentRuntime;
import dev.fenceline.agent.runtime.Delays;
import dev.fenceline.agent.runtime.HostLink;
import dev.fenceline.agent.runtime.program.Program;
import dev.fenceline.agent.runtime.program.ProgramReport;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.MigrationRun;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * Pages that go to a device's memory and come home, against a bare stream of the same bytes, by
 * turns, on the transport of the same process; and faults of a device, of 2 MiB against 4 KiB.
 */
final class MigrationBench implements Bench {
  private static final int BLOCKS = 4;
  private static final int BLOCK_PAGES = MigrationRun.MAX_PAGES;
  private static final int PAGES = BLOCKS * BLOCK_PAGES;
  private static final long BYTES = PAGES * LoopbackHost.PAGE_BYTES;
  private static final long BLOCK_BYTES = BLOCK_PAGES * LoopbackHost.PAGE_BYTES;
  private static final long ARENA_BYTES = 64L << 20;
  private static final double MEBI = 1 << 20;
  private static final double GOAL_BANDWIDTH_RATIO = 0.6;
  private static final double GOAL_PAGES_PER_SECOND = 200_000;
  private static final double GOAL_CHEAPER = 20;
  private static final long BOUND_NANOS = TimeUnit.SECONDS.toNanos(30);

  @Override
  public String name() {
    return "migration";
  }

  @Override
  public List<Figure> run(Effort effort) throws IOException, InterruptedException {
    List<Figure> figures = new ArrayList<>();
    figures.addAll(bandwidth(effort));
    figures.addAll(faults(effort));
    return figures;
  }

  private List<Figure> bandwidth(Effort effort) throws IOException, InterruptedException {
    Signal signal = new Signal();
    try (Loops loops = new Loops(1);
        LoopbackHost host =
            new LoopbackHost(loops, PAGES, signal, LoopbackHost.settings(ARENA_BYTES));
        AgentRuntime agent = agent(loops);
        ByteStream bare = new ByteStream(loops, DmaRequest.MAX_LENGTH_BYTES, signal)) {
      HostLink link = agent.addHost(host.target());
      fill(agent, link, host.spaceId());
      double[][] columns = new double[5][effort.rounds()];
      for (int round = -1; round < effort.rounds(); round++) {
        Stopwatch in = new Stopwatch();
        Stopwatch out = new Stopwatch();
        Stopwatch stream = new Stopwatch();
        long nanos = round < 0 ? effort.warmUpNanos() : effort.roundNanos();
        long startedNanos = System.nanoTime();
        do {
          migrate(host, in, true);
          migrate(host, out, false);
          stream.start();
          bare.run((int) (BYTES / DmaRequest.MAX_LENGTH_BYTES));
          stream.stop(BYTES);
        } while (System.nanoTime() - startedNanos < nanos);
        if (round >= 0) {
          columns[0][round] = stream.nanosPerUnit() / in.nanosPerUnit();
          columns[1][round] = stream.nanosPerUnit() / out.nanosPerUnit();
          columns[2][round] = mebibytesPerSecond(in);
          columns[3][round] = mebibytesPerSecond(out);
          columns[4][round] = mebibytesPerSecond(stream);
        }
      }
      return List.of(
          figure("to a device / bare stream", "ratio", columns[0], GOAL_BANDWIDTH_RATIO),
          figure("home / bare stream", "ratio", columns[1], GOAL_BANDWIDTH_RATIO),
          figure("to a device", "MiB/s", columns[2], 0),
          figure("home", "MiB/s", columns[3], 0),
          figure("bare stream", "MiB/s", columns[4], 0));
    }
  }

  private static AgentRuntime agent(Loops loops) {
    return new AgentRuntime(
        new AgentRuntime.Settings(
            LinkSettings.of(
                "bench-agent", 1, List.of(new DeviceDescription(0, "d", 1, 2 * PAGES, "", false))),
            Delays.NONE,
            4,
            BOUND_NANOS),
        (hostId, target) ->
            new GrpcHostConnector(
                loops.dial(Integer.parseInt(target.substring(target.indexOf(':') + 1)))),
        System::nanoTime,
        AgentObserver.NONE,
        new SplittableRandom(1));
  }

  /** So that there are bytes to move, and the device mirrors the space. */
  private static void fill(AgentRuntime agent, HostLink link, long spaceId)
      throws InterruptedException {
    ProgramReport report =
        agent
            .run(
                link,
                agent.devices().getFirst(),
                spaceId,
                new Program.Fill(LoopbackHost.BASE, BYTES, 7),
                BOUND_NANOS)
            .join();
    if (report.failure() != null) {
      throw new IllegalStateException("the pages could not be filled: " + report.failure());
    }
  }

  private static void migrate(LoopbackHost host, Stopwatch watch, boolean toDevice) {
    List<SpaceOperation> operations = new ArrayList<>();
    for (int block = 0; block < BLOCKS; block++) {
      long address = LoopbackHost.BASE + block * BLOCK_BYTES;
      operations.add(
          toDevice
              ? new SpaceOperation.MigrateToDevice(
                  host.spaceId(), address, BLOCK_BYTES, new DeviceId("bench-agent", 0), null)
              : new SpaceOperation.MigrateToHost(host.spaceId(), address, BLOCK_BYTES));
    }
    watch.start();
    host.performAll(operations);
    watch.stop(BYTES);
  }

  private static double mebibytesPerSecond(Stopwatch watch) {
    return 1e9 / watch.nanosPerUnit() / MEBI;
  }

  /** A device that is nothing but the attach stream faults pages that nothing maps for it yet. */
  private List<Figure> faults(Effort effort) throws IOException {
    Signal signal = new Signal();
    try (Loops loops = new Loops(1);
        LoopbackHost host =
            new LoopbackHost(loops, PAGES, signal, LoopbackHost.settings(ARENA_BYTES))) {
      host.attach(loops, 1);
      double[][] columns = new double[3][effort.rounds()];
      for (int round = -1; round < effort.rounds(); round++) {
        Stopwatch large = new Stopwatch();
        Stopwatch small = new Stopwatch();
        long nanos = round < 0 ? effort.warmUpNanos() : effort.roundNanos();
        long startedNanos = System.nanoTime();
        do {
          host.invalidateAllQuietly();
          large.start();
          host.grantInFaultsOf(BLOCK_PAGES, PAGES);
          large.stop(PAGES);
          host.invalidateAllQuietly();
          small.start();
          host.grantInFaultsOf(1, BLOCK_PAGES);
          small.stop(BLOCK_PAGES);
        } while (System.nanoTime() - startedNanos < nanos);
        if (round >= 0) {
          columns[0][round] = 1e9 / large.nanosPerUnit();
          columns[1][round] = 1e9 / small.nanosPerUnit();
          columns[2][round] = small.nanosPerUnit() / large.nanosPerUnit();
        }
      }
      return List.of(
          figure("faults of 2 MiB", "pages per second", columns[0], GOAL_PAGES_PER_SECOND),
          figure("faults of 4 KiB", "pages per second", columns[1], 0),
          figure("4 KiB / 2 MiB, cost of a byte", "ratio", columns[2], GOAL_CHEAPER));
    }
  }

  private Figure figure(String name, String unit, double[] rounds, double atLeast) {
    return new Figure(
        name(), name, unit, Spread.of(rounds), atLeast == 0 ? null : Goal.atLeast(atLeast));
  }
}
