package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.Attributes;
import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Query;
import dev.fenceline.testbed.text.TextTable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code fenceline attributes}: what is wished of ranges. Confined to the main thread. */
@Command(
    name = "attributes",
    description = "Ranges of an address space that have attributes; 'space attributes' sets them.")
final class AttributesCommand extends OperatorCommand {
  @Mixin private ListOptions list = new ListOptions();

  @Parameters(paramLabel = "SPACE", description = "Host and number, such as host-1.1.")
  private String space = "";

  @Override
  void show(CoordinatorClient coordinator, Screen screen) {
    Query query = Query.all().limit(list.pageItems(ListOptions.USUAL));
    TextTable table =
        TextTable.of(
            "START",
            "END",
            "PREFERRED",
            "~ACCESSED BY",
            "READ DUP",
            "GRANULARITY",
            "MIGRATION",
            "ATOMICS");
    new ListPrinter<Attributes>(this, "ranges with attributes", table, AttributesCommand::row)
        .show(coordinator.attributes(space, query), list.most(ListOptions.USUAL), screen);
  }

  private static void row(TextTable table, Attributes range) {
    String preferred = range.preferred();
    table.row(
        range.start(),
        range.end(),
        preferred == null ? "-" : preferred,
        range.accessedBy().isEmpty() ? "-" : String.join(", ", range.accessedBy()),
        range.readDuplication() ? "yes" : "no",
        range.granularity(),
        range.migrationPolicy(),
        range.atomicMode());
  }
}
