package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.Range;
import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Query;
import dev.fenceline.testbed.text.Quantities;
import dev.fenceline.testbed.text.TextTable;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code fenceline ranges}: mappings of a space and who holds them. Confined to the main thread.
 */
@Command(
    name = "ranges",
    description = "Mappings of an address space: state, generation, who mirrors and holds them.")
final class RangesCommand extends OperatorCommand {
  @Mixin private ListOptions list = new ListOptions();
  @Mixin private IntervalOptions interval = new IntervalOptions();

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = "Only ranges that this device holds.")
  private @Nullable String device;

  @Parameters(paramLabel = "SPACE", description = "Host and number, such as host-1.1.")
  private String space = "";

  @Override
  void show(CoordinatorClient coordinator, Screen screen) {
    Query query =
        interval.in(Query.all()).with("device", device).limit(list.pageItems(ListOptions.USUAL));
    TextTable table =
        TextTable.of(
            "START",
            "END",
            ">SIZE",
            "PROT",
            "STATE",
            ">RESIDENT",
            ">GENERATION",
            "~BACKING",
            "~HOLDERS");
    new ListPrinter<Range>(this, "ranges", table, RangesCommand::row)
        .show(coordinator.ranges(space, query), list.most(ListOptions.USUAL), screen);
  }

  private static void row(TextTable table, Range range) {
    table.row(
        range.start(),
        range.end(),
        States.pages(range.pages()),
        range.protection() + (range.shared() ? "s" : "p"),
        States.cell(range.state()),
        States.pages(range.residentPages()),
        range.generation(),
        range.backing(),
        holders(range.holders()));
  }

  static String holders(List<Range.Holder> holders) {
    return holders.isEmpty()
        ? "nobody"
        : holders.stream()
            .map(
                each ->
                    each.device()
                        + (each.heldPages() > 0
                            ? " holds " + Quantities.count(each.heldPages())
                            : " mirrors"))
            .collect(Collectors.joining(", "));
  }
}
