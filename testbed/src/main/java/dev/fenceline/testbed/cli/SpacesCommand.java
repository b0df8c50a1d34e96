package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.AddressSpace;
import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Paths;
import dev.fenceline.client.rest.Query;
import dev.fenceline.testbed.text.Quantities;
import dev.fenceline.testbed.text.Style;
import dev.fenceline.testbed.text.TextTable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code fenceline spaces}: address spaces of all hosts. Confined to the main thread. */
@Command(name = "spaces", description = "Address spaces of all hosts, or one.")
final class SpacesCommand extends OperatorCommand {
  @Mixin private ListOptions list = new ListOptions();

  @Option(names = "--host", paramLabel = "HOST", description = "Only of this host.")
  private @Nullable String host;

  @Parameters(
      arity = "0..1",
      paramLabel = "SPACE",
      description = "Host and number, such as host-1.1.")
  private @Nullable String id;

  @Override
  void show(CoordinatorClient coordinator, Screen screen) {
    TextTable table =
        TextTable.of(
            "SPACE",
            "~NAME",
            "STATE",
            "MODE",
            ">RANGES",
            ">MAPPED",
            ">RESIDENT",
            ">MIRRORS",
            ">SEQUENCE",
            ">PENDING");
    String space = id;
    if (space == null) {
      Query query = Query.all().with("host", host).limit(list.pageItems(ListOptions.USUAL));
      new ListPrinter<AddressSpace>(this, "address spaces", table, SpacesCommand::row)
          .show(coordinator.spaces(query), list.most(ListOptions.USUAL), screen);
      return;
    }
    JsonNode document = coordinator.document(Paths.space(space), Query.all());
    if (asTable()) {
      row(table, coordinator.value(document, AddressSpace.class));
      screen.table(table);
    } else {
      documents().write(document);
    }
  }

  private static void row(TextTable table, AddressSpace space) {
    long pending = space.pendingInvalidationCount();
    table.row(
        space.id(),
        space.name(),
        space.state().equals("alive") ? space.state() : Style.BAD.cell(space.state()),
        space.notificationMode(),
        Quantities.count(space.mappingCount()),
        States.pages(space.mappedPages()),
        States.pages(space.residentPages()),
        Quantities.count(space.mirrorCount()),
        Quantities.count(space.sequence()),
        pending == 0 ? pending : Style.DOUBTFUL.cell(pending));
  }
}
