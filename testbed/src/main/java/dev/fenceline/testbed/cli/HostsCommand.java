package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.Host;
import dev.fenceline.client.resource.Unavailable;
import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Paths;
import dev.fenceline.client.rest.Query;
import dev.fenceline.testbed.text.Quantities;
import dev.fenceline.testbed.text.Style;
import dev.fenceline.testbed.text.TextTable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/**
 * {@code fenceline hosts}: all hosts, or one with the sessions of agents. Confined to the main
 * thread.
 */
@Command(name = "hosts", description = "Hosts; with an id: one, with its sessions of agents.")
final class HostsCommand extends OperatorCommand {
  @Mixin private ListOptions list = new ListOptions();

  @Parameters(arity = "0..1", paramLabel = "HOST", description = "Id of a host, such as host-1.")
  private @Nullable String id;

  @Override
  void show(CoordinatorClient coordinator, Screen screen) {
    String host = id;
    if (host != null) {
      one(coordinator, host, screen);
      return;
    }
    TextTable table =
        TextTable.of(
            "HOST", "STATE", ">SPACES", ">AGENTS", ">MEMORY", ">FREE", ">SILENT", "ENDPOINT");
    new ListPrinter<Host>(this, "hosts", table, HostsCommand::row)
        .show(
            coordinator.hosts(Query.all().limit(list.pageItems(ListOptions.USUAL))),
            list.most(ListOptions.USUAL),
            screen);
  }

  private static void row(TextTable table, Host host) {
    table.row(
        host.id(),
        States.cell(host.node().state()),
        host.spaceCount(),
        host.sessionCount(),
        States.pages(host.totalFrames()),
        States.pages(host.freeFrames()),
        States.millis(host.node().silentMillis()),
        host.node().endpoint());
  }

  private void one(CoordinatorClient coordinator, String host, Screen screen) {
    JsonNode document = coordinator.document(Paths.host(host), Query.all());
    if (!asTable()) {
      documents().write(document);
      return;
    }
    Host.Detail detail = coordinator.value(document, Host.Detail.class);
    screen.line("host      " + detail.host().id());
    Nodes.lines(detail.host().node(), screen);
    screen.line("epoch     " + detail.host().hostEpoch());
    Host.Account account = detail.status();
    if (account != null) {
      screen.format(
          "memory    %s, %s free",
          States.pages(account.totalFrames()), States.pages(account.freeFrames()));
      memory(account.memory(), screen);
      screen.format(
          "spaces    %d, %d invalidations pending",
          account.spaceCount(), account.pendingInvalidationCount());
      screen.format(
          "lease     %s; dead after %s without renewal",
          States.millis(account.leaseTtlMillis()), States.millis(account.leaseExpiryMillis()));
      screen.format("late      %s messages dropped", Quantities.count(account.lateMessageCount()));
    }
    Unavailable unavailable = detail.unavailable();
    if (unavailable != null) {
      screen.line(Style.BAD, "does not answer: " + unavailable.reason());
    }
    sessions(detail, screen);
  }

  private static void memory(Host.Memory memory, Screen screen) {
    screen.format(
        "frames    %s active, %s inactive, %s pinned (pins: %s)",
        Quantities.count(memory.activeFrames()),
        Quantities.count(memory.inactiveFrames()),
        Quantities.count(memory.pinnedFrames()),
        Quantities.count(memory.pinCount()));
    screen.line(
        memory.swapSlots() == 0
            ? "swap      none: who finds no frame is refused"
            : "swap      %s of %s used; %s written, %s read since the start"
                .formatted(
                    States.pages(memory.swapSlotsUsed()),
                    States.pages(memory.swapSlots()),
                    States.pages(memory.swappedOutCount()),
                    States.pages(memory.swappedInCount())));
  }

  private static void sessions(Host.Detail detail, Screen screen) {
    screen.line("");
    if (detail.sessions().isEmpty()) {
      screen.line("no agents attached");
      return;
    }
    TextTable table =
        TextTable.of("AGENT", "STATE", ">LEASE LEFT", ">FENCES OWED", "OVERDUE", "~DEVICES");
    for (Host.Session each : detail.sessions()) {
      table.row(
          each.agentId(),
          States.cell(each.state()),
          States.millis(each.leaseLeftMillis()),
          each.pendingFenceCount(),
          each.overdue() ? Style.BAD.cell("overdue: the lease is not renewed") : "no",
          String.join(" ", each.deviceNames()));
    }
    screen.table(table);
  }
}
