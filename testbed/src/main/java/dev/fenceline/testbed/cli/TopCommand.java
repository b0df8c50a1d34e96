package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.Agent;
import dev.fenceline.client.resource.CoordinatorStatus;
import dev.fenceline.client.resource.Fence;
import dev.fenceline.client.resource.WaitTimes;
import dev.fenceline.client.resource.WaitTimes.Quantiles;
import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Listing;
import dev.fenceline.client.rest.Query;
import dev.fenceline.testbed.text.Quantities;
import dev.fenceline.testbed.text.Style;
import dev.fenceline.testbed.text.TextTable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code fenceline top}: a live view of who waits. Confined to the main thread. */
@Command(
    name = "top",
    description = {
      "Live: rates, how long invalidations take, who is late and what happens next, agents by lease margin.",
      "Where standard output is no terminal, it shows itself once, unless --watch says otherwise."
    })
final class TopCommand extends OperatorCommand {
  private static final int MOST_PENDING = 1000;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description = "Window of rates and percentiles, 1 to 900 (default: 60).")
  private int seconds = 60;

  @Option(
      names = "--rows",
      paramLabel = "N",
      description = "Fences and agents to show (default: 8 each).")
  private int rows = 8;

  @Override
  boolean lives() {
    return !System.getProperty("fenceline.terminal", "").isEmpty();
  }

  @Override
  void show(CoordinatorClient coordinator, Screen screen) {
    if (!asTable()) {
      throw new IllegalArgumentException(
          "top draws for people; take status, fences or agents for -o json or yaml");
    }
    CoordinatorStatus status = coordinator.status();
    screen.format(
        "coordinator %s, %s live, %s live, %d suspect, %d lost",
        screen.paint(States.style(status.state()), status.state()),
        Quantities.plural(status.counts().hosts().live(), "host"),
        Quantities.plural(status.counts().agents().live(), "agent"),
        status.counts().agents().suspect(),
        status.counts().agents().lost());
    if (!status.ready()) {
      return;
    }
    waits(coordinator.waits(seconds), screen);
    fences(coordinator, screen);
    agents(coordinator, screen);
  }

  private void waits(WaitTimes waits, Screen screen) {
    long completed = waits.samples().stream().mapToLong(WaitTimes.Sample::completed).sum();
    long backedOff = waits.samples().stream().mapToLong(WaitTimes.Sample::backedOff).sum();
    double span = Math.max(1, waits.samples().size() * (double) waits.stepSeconds());
    screen.format(
        "invalidations %s/s, back-offs %s/s over %s%n",
        Quantities.format(completed / span),
        Quantities.format(backedOff / span),
        Quantities.age((long) (span * 1000)));
    TextTable table = TextTable.of("PHASE", ">P50", ">P90", ">P99", ">P99.9", ">COUNT");
    row(table, "A schedule", waits.percentiles().schedule());
    row(table, "B unmap", waits.percentiles().unmap());
    row(table, "C wait", waits.percentiles().waiting());
    screen.table(table).line("");
  }

  private static void row(TextTable table, String phase, Quantiles figures) {
    table.row(
        phase,
        States.micros(figures.p50Micros()),
        States.micros(figures.p90Micros()),
        States.micros(figures.p99Micros()),
        States.micros(figures.p999Micros()),
        Quantities.count(figures.count()));
  }

  /** The slowest of those that wait, each with who is late. */
  private void fences(CoordinatorClient coordinator, Screen screen) {
    Listing<Fence> pending = coordinator.fences(Query.all().pending().limit(MOST_PENDING));
    List<Fence> slowest =
        new ArrayList<>(
            pending.stream()
                .limit(MOST_PENDING)
                .sorted(Comparator.comparingDouble(Fence::waitMicros).reversed())
                .toList());
    if (slowest.isEmpty()) {
      screen.line("no fence waits").line("");
      return;
    }
    screen.line(
        slowest.size() == 1 ? "1 fence waits:" : slowest.size() + " fences wait; the slowest:");
    for (Fence each : slowest.subList(0, Math.min(rows, slowest.size()))) {
      Fence.Detail detail = coordinator.fence(each.id());
      screen.format(
          "  %s  %s of %s  waits %s",
          each.id(), each.kind(), each.addressSpaceId(), States.micros(each.waitMicros()));
      for (Fence.Late late : detail.late()) {
        screen.line(
            Style.BAD,
            "    " + late.device() + " late for " + States.ago(late.since()) + ": " + late.why());
        screen.line("      next: " + late.next());
      }
    }
    screen.line("");
  }

  private void agents(CoordinatorClient coordinator, Screen screen) {
    List<Agent> byMargin =
        coordinator.agents(Query.all().limit(MOST_PENDING)).stream()
            .sorted(Comparator.comparingDouble(TopCommand::margin))
            .limit(rows)
            .toList();
    if (byMargin.isEmpty()) {
      screen.line("no agents");
      return;
    }
    TextTable table =
        TextTable.of("AGENT", "STATE", "STANDING", ">LEASE MARGIN", ">SILENT", "~LINKS");
    for (Agent agent : byMargin) {
      double margin = margin(agent);
      table.row(
          agent.id(),
          States.cell(agent.node().state()),
          States.cell(agent.standing()),
          margin == Double.MAX_VALUE
              ? "no lease"
              : (margin < 0 ? Style.BAD : Style.PLAIN).cell(States.millis(margin)),
          States.millis(agent.node().silentMillis()),
          String.join(
              ", ",
              agent.links().stream().map(link -> link.hostId() + " " + link.state()).toList()));
    }
    screen.table(table);
  }

  private static double margin(Agent agent) {
    return agent.links().stream()
        .mapToDouble(Agent.Link::leaseLeftMillis)
        .min()
        .orElse(Double.MAX_VALUE);
  }
}
