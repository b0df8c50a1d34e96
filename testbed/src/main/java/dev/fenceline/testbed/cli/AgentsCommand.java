package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.Agent;
import dev.fenceline.client.resource.Device;
import dev.fenceline.client.resource.Standing;
import dev.fenceline.client.resource.Unavailable;
import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Paths;
import dev.fenceline.client.rest.Query;
import dev.fenceline.testbed.text.Style;
import dev.fenceline.testbed.text.TextTable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/**
 * {@code fenceline agents}: all agents, or one with its devices' counters. Confined to the main
 * thread.
 */
@Command(
    name = "agents",
    description = "Agents with their links to hosts; with an id: one, with its devices.")
final class AgentsCommand extends OperatorCommand {
  @Mixin private ListOptions list = new ListOptions();

  @Parameters(
      arity = "0..1",
      paramLabel = "AGENT",
      description = "Id of an agent, such as agent-1.")
  private @Nullable String id;

  @Override
  void show(CoordinatorClient coordinator, Screen screen) {
    String agent = id;
    if (agent != null) {
      one(coordinator, agent, screen);
      return;
    }
    TextTable table =
        TextTable.of(
            "AGENT", "STATE", "STANDING", ">DEVICES", ">SILENT", "LINK", ">LEASE LEFT", "ENDPOINT");
    new ListPrinter<Agent>(this, "agents", table, AgentsCommand::rows)
        .show(
            coordinator.agents(Query.all().limit(list.pageItems(ListOptions.USUAL))),
            list.most(ListOptions.USUAL),
            screen);
  }

  /** One row for each link; the worst lease is what an operator looks for. */
  private static void rows(TextTable table, Agent agent) {
    String links =
        agent.links().stream()
            .map(link -> link.hostId() + " " + link.state())
            .collect(Collectors.joining(", "));
    String lease =
        agent.links().stream().mapToDouble(Agent.Link::leaseLeftMillis).min().stream()
            .mapToObj(States::millis)
            .findFirst()
            .orElse("-");
    boolean attached =
        !agent.links().isEmpty()
            && agent.links().stream().allMatch(link -> link.state().equals("attached"));
    table.row(
        agent.id(),
        States.cell(agent.node().state()),
        agent.quarantinedAt().isEmpty()
            ? States.cell(agent.standing())
            : Style.BAD.cell("quarantined at " + String.join(" ", agent.quarantinedAt())),
        agent.deviceCount(),
        States.millis(agent.node().silentMillis()),
        (attached ? Style.GOOD : Style.BAD).cell(links.isEmpty() ? "none" : links),
        lease,
        agent.node().endpoint());
  }

  private void one(CoordinatorClient coordinator, String agent, Screen screen) {
    JsonNode document = coordinator.document(Paths.agent(agent), Query.all());
    if (!asTable()) {
      documents().write(document);
      return;
    }
    Agent.Detail detail = coordinator.value(document, Agent.Detail.class);
    screen.line("agent     " + detail.agent().id());
    Nodes.lines(detail.agent().node(), screen);
    for (Agent.Link link : detail.agent().links()) {
      screen.format(
          "link      %s %s, lease left %s",
          link.hostId(),
          screen.paint(States.style(link.state()), link.state()),
          States.millis(link.leaseLeftMillis()));
    }
    for (Standing standing : detail.standings()) {
      screen.line("standing  " + words(standing, screen));
    }
    Unavailable unavailable = detail.unavailable();
    if (unavailable != null) {
      screen.line(Style.BAD, "does not answer: " + unavailable.reason());
    }
    TextTable table = DevicesCommand.table();
    for (Device.Detail each : detail.devices()) {
      DevicesCommand.row(table, each.device());
    }
    screen.line("").table(table);
  }

  static String words(Standing standing, Screen screen) {
    Double left = standing.holdLeftMillis();
    return "%s at %s for %s, %d strikes%s%s%s"
        .formatted(
            screen.paint(States.style(standing.state()), standing.state()),
            standing.hostId(),
            States.ago(standing.since()),
            standing.strikes(),
            standing.reason().isEmpty() ? "" : ": " + standing.reason(),
            standing.byOperator() ? " (by an operator)" : "",
            left == null ? "" : "; returned by itself in " + States.millis(left));
  }
}
