package dev.fenceline.testbed.report;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reports as a demo and a simulation make them. */
final class SampleReports {

  private SampleReports() {}

  static RunReport demo() {
    Latency fast = new Latency(1.25, 12.5, 125, 1234);
    Latency slow = new Latency(1_100, 9_000, 1_500_000, 1234);
    return new RunReport(
        new RunReport.Origin("demo", "traces/python.strace", 12.34, 3L, "http://localhost:8080/x"),
        new RunReport.Outcome(0, 1_000_000, List.of()),
        new RunReport.Work(
            1500, new TreeMap<>(Map.of("mmap", 1001L, "brk", 171L, "munmap", 328L)), 1234L, 5L, 6L),
        new RunReport.Timing(
            new RunReport.Phases(fast, fast, slow),
            new RunReport.Modes(slow, new Latency(8_800, 9_900, 9_999, 10))),
        List.of(
            new RunReport.Device("agent-1/device-1", fast, 1000, 20, 4096, 5_000_000),
            new RunReport.Device("agent-2/device-1", null, 0, 0, 0, 0)),
        new RunReport.Memory(4096, 3000, 12, 700, 650, new RunReport.Migrations(320, 300, 24)),
        null);
  }

  static RunReport failedSimulation() {
    return new RunReport(
        new RunReport.Origin("sim", null, 60, null, null),
        new RunReport.Outcome(2, 10, List.of("INV-3 broken; replay: sim --seed 7", "INV-5 broken")),
        new RunReport.Work(10, new TreeMap<>(), null, null, null),
        null,
        List.of(),
        null,
        new RunReport.Campaign(1000, 1234.5));
  }
}
