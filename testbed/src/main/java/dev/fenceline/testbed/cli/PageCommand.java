package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.MemoryPage;
import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Paths;
import dev.fenceline.client.rest.Query;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code fenceline page}: one page, and the fence that holds it. Confined to the main thread. */
@Command(
    name = "page",
    description =
        "The page that an address lies in: state, holders, and the fence that holds it up.")
final class PageCommand extends OperatorCommand {
  @Parameters(index = "0", paramLabel = "SPACE", description = "Host and number, such as host-1.1.")
  private String space = "";

  @Parameters(index = "1", paramLabel = "ADDRESS", description = "0x... or decimal.")
  private String address = "";

  @Override
  void show(CoordinatorClient coordinator, Screen screen) {
    JsonNode document = coordinator.document(Paths.page(space, address), Query.all());
    if (!asTable()) {
      documents().write(document);
      return;
    }
    MemoryPage page = coordinator.value(document, MemoryPage.class);
    screen.line("page        " + page.address() + " of " + page.addressSpaceId());
    screen.line("state       " + screen.paint(States.style(page.state()), page.state()));
    String location = page.location();
    if (location != null) {
      screen.line("location    " + location);
    }
    screen.line("size        " + (page.order() == 9 ? "2 MiB" : "4 KiB"));
    screen.line("generation  " + page.generation());
    screen.line(
        "rights      "
            + (page.writable() ? "writable" : "read-only")
            + (page.dirty() ? ", dirty" : ""));
    screen.line("holders     " + RangesCommand.holders(page.holders()));
    String fence = page.fenceId();
    if (fence != null) {
      screen.line("fence       " + fence + "; ask: fenceline fences " + fence);
    }
  }
}
