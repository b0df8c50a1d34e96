package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.Mirror;
import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Query;
import dev.fenceline.testbed.text.Quantities;
import dev.fenceline.testbed.text.TextTable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code fenceline mirrors}: subscriptions of devices to a space. Confined to the main thread. */
@Command(
    name = "mirrors",
    description = "Which devices have subscribed to which interval of an address space.")
final class MirrorsCommand extends OperatorCommand {
  @Mixin private ListOptions list = new ListOptions();
  @Mixin private IntervalOptions interval = new IntervalOptions();

  @Parameters(paramLabel = "SPACE", description = "Host and number, such as host-1.1.")
  private String space = "";

  @Override
  void show(CoordinatorClient coordinator, Screen screen) {
    Query query = interval.in(Query.all()).limit(list.pageItems(ListOptions.USUAL));
    TextTable table = TextTable.of("DEVICE", "~NAME", ">MIRROR", "START", "END", ">SEQUENCE");
    new ListPrinter<Mirror>(this, "mirrors", table, MirrorsCommand::row)
        .show(coordinator.mirrors(space, query), list.most(ListOptions.USUAL), screen);
  }

  private static void row(TextTable table, Mirror mirror) {
    table.row(
        mirror.device(),
        mirror.deviceName(),
        mirror.mirrorId(),
        mirror.start(),
        mirror.end(),
        Quantities.count(mirror.sequence()));
  }
}
