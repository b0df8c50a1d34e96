package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.Fault;
import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Query;
import dev.fenceline.testbed.text.Style;
import dev.fenceline.testbed.text.TextTable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code fenceline faults}: faults that wait. Confined to the main thread. */
@Command(
    name = "faults",
    description =
        "Faults that are parked or under way, oldest first, and the fence that each waits for.")
final class FaultsCommand extends OperatorCommand {
  @Mixin private ListOptions list = new ListOptions();

  @Option(names = "--space", paramLabel = "SPACE", description = "Only of this address space.")
  private @Nullable String space;

  @Override
  void show(CoordinatorClient coordinator, Screen screen) {
    Query query = Query.all().with("space", space).limit(list.pageItems(ListOptions.USUAL));
    TextTable table =
        TextTable.of("DEVICE", "SPACE", "ADDRESS", ">PAGES", "ACCESS", ">AGE", "WAITS FOR");
    new ListPrinter<Fault>(this, "faults", table, FaultsCommand::row)
        .show(coordinator.faults(query), list.most(ListOptions.USUAL), screen);
  }

  private static void row(TextTable table, Fault fault) {
    String fence = fault.waitsForFenceId();
    table.row(
        fault.device(),
        fault.addressSpaceId(),
        fault.address(),
        fault.pages(),
        fault.write() ? "write" : "read",
        States.micros(fault.elapsedMicros()),
        fence == null ? "its turn" : Style.DOUBTFUL.cell("fence " + fence));
  }
}
