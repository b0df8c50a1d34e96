package dev.fenceline.testbed.report;

import dev.fenceline.testbed.text.Quantities;
import dev.fenceline.testbed.text.TextTable;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a {@link RunReport} as text for a person: aligned, with units, in colour on a terminal
 * only.
 *
 * <p>Immutable.
 */
public final class ReportPrinter {

  private static final int MAX_FAILURES = 20;
  private static final String NONE = "-";
  private static final String BOLD = "\u001b[1m";
  private static final String RED = "\u001b[31m";
  private static final String GREEN = "\u001b[32m";
  private static final String PLAIN = "\u001b[0m";

  private final boolean terminal;

  /**
   * A printer.
   *
   * @param terminal whether escape sequences for colours are understood
   */
  public ReportPrinter(boolean terminal) {
    this.terminal = terminal;
  }

  /** The whole report; ends with a line feed. */
  public String print(RunReport report) {
    StringBuilder out = new StringBuilder();
    summary(out, report);
    operations(out, report.work());
    RunReport.Timing timing = report.timing();
    if (timing != null) {
      phases(out, timing.phases());
      modes(out, timing.modes());
    }
    devices(out, report);
    failures(out, report.outcome());
    return out.toString();
  }

  private void summary(StringBuilder out, RunReport report) {
    RunReport.Origin origin = report.origin();
    RunReport.Outcome outcome = report.outcome();
    String verdict =
        outcome.passed()
            ? styled(GREEN, "passed")
            : outcome.violations() == 0
                ? styled(RED, "INCOMPLETE")
                : styled(
                    RED, "FAILED with " + Quantities.count(outcome.violations()) + " violations");
    out.append(styled(BOLD, origin.command())).append(": ").append(verdict).append('\n');
    fact(out, "duration", Quantities.format(origin.durationSeconds()) + " s");
    fact(out, "trace", origin.traceFile());
    fact(out, "skipped lines", count(origin.skippedLines()));
    fact(out, "checks", Quantities.count(outcome.checks()));
    fact(out, "invalidations", count(report.work().invalidations()));
    fact(out, "back-offs", count(report.work().backOffs()));
    fact(out, "fault retries", count(report.work().retries()));
    RunReport.Memory memory = report.memory();
    if (memory != null) {
      String most = Quantities.count(memory.peakFrames());
      fact(out, "frames in use", most + " of " + Quantities.count(memory.frames()) + " at most");
      fact(out, "frames pinned", Quantities.count(memory.peakPinnedFrames()) + " at most");
      fact(
          out,
          "pages swapped",
          "%s out, %s in"
              .formatted(
                  Quantities.count(memory.swappedOut()), Quantities.count(memory.swappedIn())));
      RunReport.Migrations moved = memory.migrations();
      fact(
          out,
          "pages migrated",
          "%s to devices, %s home, %s evicted"
              .formatted(
                  Quantities.count(moved.toDevices()),
                  Quantities.count(moved.home()),
                  Quantities.count(moved.evicted())));
    }
    RunReport.Campaign campaign = report.campaign();
    if (campaign != null) {
      fact(out, "seeds", Quantities.count(campaign.seeds()));
      fact(out, "seeds per minute", Quantities.count(Math.round(campaign.seedsPerMinute())));
    }
    fact(out, "range state", origin.restAddress());
  }

  private static void fact(StringBuilder out, String name, @Nullable String value) {
    if (value != null) {
      out.append("  ").append(name).append(" ".repeat(18 - name.length())).append(value);
      out.append('\n');
    }
  }

  private static @Nullable String count(@Nullable Long value) {
    return value == null ? null : Quantities.count(value);
  }

  private void operations(StringBuilder out, RunReport.Work work) {
    title(out, "operations");
    TextTable table = TextTable.indented("kind", ">count");
    for (Map.Entry<String, Long> entry : work.operationsByKind().entrySet()) {
      table.row(entry.getKey(), Quantities.count(entry.getValue()));
    }
    table.row("all", Quantities.count(work.operations()));
    table.appendTo(out);
  }

  private void phases(StringBuilder out, RunReport.@Nullable Phases phases) {
    if (phases == null) {
      return;
    }
    title(out, "phases of an invalidation");
    TextTable table = TextTable.indented("phase", ">p50", ">p99", ">max", ">count");
    latency(table, "A schedule", phases.schedule());
    latency(table, "B unmap", phases.unmap());
    latency(table, "C wait", phases.waiting());
    table.appendTo(out);
  }

  private void modes(StringBuilder out, RunReport.@Nullable Modes modes) {
    if (modes == null) {
      return;
    }
    title(out, "split against sequential");
    TextTable table = TextTable.indented("mode", ">p50", ">p99", ">max", ">count");
    latency(table, "split", modes.split());
    latency(table, "sequential", modes.sequential());
    table.appendTo(out);
    Latency split = modes.split();
    Latency sequential = modes.sequential();
    if (split != null && sequential != null && split.p50Micros() > 0) {
      double ratio = sequential.p50Micros() / split.p50Micros();
      out.append("  sequential takes ").append(Quantities.format(ratio)).append(" x split (p50)\n");
    }
  }

  private static void latency(TextTable table, String name, @Nullable Latency latency) {
    if (latency == null) {
      table.row(name, NONE, NONE, NONE, NONE);
      return;
    }
    table.row(
        name,
        Quantities.duration(latency.p50Micros()),
        Quantities.duration(latency.p99Micros()),
        Quantities.duration(latency.maxMicros()),
        Quantities.count(latency.count()));
  }

  private void devices(StringBuilder out, RunReport report) {
    if (report.devices().isEmpty()) {
      return;
    }
    title(out, "devices");
    TextTable table =
        TextTable.indented(
            "device",
            ">ack p50",
            ">ack p99",
            ">ack max",
            ">faults",
            ">retries",
            ">DMA read",
            ">DMA written");
    for (RunReport.Device device : report.devices()) {
      Latency ack = device.ack();
      table.row(
          device.id(),
          ack == null ? NONE : Quantities.duration(ack.p50Micros()),
          ack == null ? NONE : Quantities.duration(ack.p99Micros()),
          ack == null ? NONE : Quantities.duration(ack.maxMicros()),
          Quantities.count(device.faults()),
          Quantities.count(device.retries()),
          Quantities.bytes(device.dmaReadBytes()),
          Quantities.bytes(device.dmaWriteBytes()));
    }
    table.appendTo(out);
  }

  private void failures(StringBuilder out, RunReport.Outcome outcome) {
    if (outcome.failures().isEmpty()) {
      return;
    }
    title(out, "failures");
    outcome.failures().stream()
        .limit(MAX_FAILURES)
        .forEach(failure -> out.append("  ").append(failure).append('\n'));
    int more = outcome.failures().size() - MAX_FAILURES;
    if (more > 0) {
      out.append("  and ").append(more).append(" more\n");
    }
  }

  private void title(StringBuilder out, String text) {
    out.append('\n').append(styled(BOLD, text)).append('\n');
  }

  private String styled(String style, String text) {
    return terminal ? style + text + PLAIN : text;
  }
}
