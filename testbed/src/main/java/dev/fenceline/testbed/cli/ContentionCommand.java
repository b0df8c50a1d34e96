package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.Contention;
import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Query;
import dev.fenceline.testbed.text.Quantities;
import dev.fenceline.testbed.text.TextTable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code fenceline contention}: blocks that several want. Confined to the main thread. */
@Command(
    name = "contention",
    description =
        "Blocks of an address space that several parties want: whose turn it is, which pages go"
            + " back and forth, and which are kept at the host for a while.")
final class ContentionCommand extends OperatorCommand {
  @Mixin private ListOptions list = new ListOptions();

  @Parameters(paramLabel = "SPACE", description = "Host and number, such as host-1.1.")
  private String space = "";

  @Override
  void show(CoordinatorClient coordinator, Screen screen) {
    Query query = Query.all().limit(list.pageItems(ListOptions.USUAL));
    TextTable table =
        TextTable.of(
            "START",
            ">COLLISIONS",
            ">TURNS",
            "LAST TURN",
            ">HELD",
            ">MOVES",
            ">NAPS",
            ">PINS",
            "NOW");
    new ListPrinter<Contention>(this, "contended blocks", table, ContentionCommand::row)
        .show(coordinator.contention(space, query), list.most(ListOptions.USUAL), screen);
  }

  private static void row(TextTable table, Contention block) {
    String last = block.lastTurn();
    table.row(
        block.start(),
        Quantities.count(block.worstCollisions()),
        Quantities.count(block.turns()),
        last == null ? "-" : last,
        Quantities.count(block.heldOperations()),
        Quantities.count(block.moves()),
        Quantities.count(block.naps()),
        Quantities.count(block.pins()),
        now(block));
  }

  private static String now(Contention block) {
    if (block.turnLeftMicros() > 0) {
      return "turn, " + States.micros(block.turnLeftMicros()) + " left";
    }
    if (block.hostsTurn()) {
      return "the host's turn";
    }
    if (block.pinnedPages() > 0) {
      return block.pinnedPages() + " kept, " + States.micros(block.pinnedLeftMicros()) + " left";
    }
    return block.thrashingPages() > 0 ? block.thrashingPages() + " thrashing" : "quiet";
  }
}
