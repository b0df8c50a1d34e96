package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.Pin;
import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Query;
import dev.fenceline.testbed.text.Quantities;
import dev.fenceline.testbed.text.Style;
import dev.fenceline.testbed.text.TextTable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code fenceline pins}: what must stay where it is, and for whom. Confined to the main thread.
 */
@Command(name = "pins", description = "Pinned pages: owner, reason and age; or take one back.")
final class PinsCommand extends OperatorCommand {
  @Mixin private ListOptions list = new ListOptions();

  @Option(names = "--space", paramLabel = "SPACE", description = "Only of this address space.")
  private @Nullable String space;

  @Option(names = "--owner", paramLabel = "OWNER", description = "Only this owner's.")
  private @Nullable String owner;

  @Option(names = "--long-term", description = "Only long-term pins.")
  private boolean longTerm;

  @Option(
      names = "--remove",
      paramLabel = "PIN",
      description =
          "Take this pin back on behalf of its owner (role admin); its device may be using the pages still.")
  private @Nullable String remove;

  @Override
  void show(CoordinatorClient coordinator, Screen screen) {
    String gone = remove;
    if (gone != null) {
      coordinator.unpin(gone);
      screen.line("pin " + gone + " is taken back");
      return;
    }
    Query query =
        Query.all()
            .with("space", space)
            .with("owner", owner)
            .with("longTerm", longTerm ? "true" : null)
            .limit(list.pageItems(ListOptions.USUAL));
    TextTable table =
        TextTable.of(
            "PIN",
            "SPACE",
            "START",
            ">SIZE",
            "ACCESS",
            "TERM",
            ">AGE",
            "OWNER",
            "~REASON",
            ">UNMAPPED");
    new ListPrinter<Pin>(this, "pins", table, PinsCommand::row)
        .show(coordinator.pins(query), list.most(ListOptions.USUAL), screen);
  }

  private static void row(TextTable table, Pin pin) {
    table.row(
        pin.id(),
        pin.addressSpaceId(),
        pin.start(),
        States.pages(pin.pages()),
        pin.write() ? "write" : "read",
        pin.longTerm() ? "long" : "short",
        Quantities.age(pin.ageMillis()),
        pin.owner(),
        pin.reason(),
        pin.unmappedPages() == 0 ? "-" : Style.DOUBTFUL.cell(States.pages(pin.unmappedPages())));
  }
}
