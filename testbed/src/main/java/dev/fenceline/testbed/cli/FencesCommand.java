package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.Fence;
import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Paths;
import dev.fenceline.client.rest.Query;
import dev.fenceline.testbed.text.Style;
import dev.fenceline.testbed.text.TextTable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code fenceline fences}: invalidations, and who holds one up. Confined to the main thread. */
@Command(
    name = "fences",
    description =
        "Invalidations, newest first; with an id: who is late, since when, why, and what happens next.")
final class FencesCommand extends OperatorCommand {
  @Mixin private ListOptions list = new ListOptions();

  @Option(names = "--space", paramLabel = "SPACE", description = "Only of this address space.")
  private @Nullable String space;

  @Option(names = "--pending", description = "Only those that are not over.")
  private boolean pending;

  @Parameters(
      arity = "0..1",
      paramLabel = "FENCE",
      description = "Host and number, such as host-1.42.")
  private @Nullable String id;

  static TextTable table() {
    return TextTable.of(
        "FENCE",
        "SPACE",
        "KIND",
        "STATE",
        ">AGE",
        ">SCHEDULE",
        ">UNMAP",
        ">WAIT",
        ">PAGES",
        "~WAITS FOR");
  }

  @Override
  void show(CoordinatorClient coordinator, Screen screen) {
    String fence = id;
    if (fence != null) {
      one(coordinator, fence, screen);
      return;
    }
    Query query =
        Query.all()
            .with("space", space)
            .with("state", pending ? "pending" : null)
            .limit(list.pageItems(ListOptions.NEWEST));
    new ListPrinter<Fence>(this, pending ? "pending fences" : "fences", table(), FencesCommand::row)
        .show(coordinator.fences(query), list.most(ListOptions.NEWEST), screen);
  }

  static void row(TextTable table, Fence fence) {
    long pages = (address(fence.end()) - address(fence.start())) / 4096;
    table.row(
        fence.id(),
        fence.addressSpaceId(),
        fence.kind(),
        States.cell(fence.state()),
        States.ago(fence.startedAt()),
        States.micros(fence.scheduleMicros()),
        States.micros(fence.unmapMicros()),
        States.micros(fence.waitMicros()),
        pages,
        waitsFor(fence));
  }

  private static long address(String hex) {
    return Long.decode(hex);
  }

  private static Object waitsFor(Fence fence) {
    String late =
        String.join(
            " ",
            fence.participants().stream()
                .filter(each -> each.resolution().equals("pending"))
                .map(Fence.Participant::device)
                .toList());
    return late.isEmpty() ? "" : Style.DOUBTFUL.cell(late);
  }

  private void one(CoordinatorClient coordinator, String id, Screen screen) {
    JsonNode document = coordinator.document(Paths.fence(id), Query.all());
    if (!asTable()) {
      documents().write(document);
      return;
    }
    Fence.Detail detail = coordinator.value(document, Fence.Detail.class);
    Fence fence = detail.fence();
    screen.line(detail.summary()).line("");
    screen.format(
        "fence     %s  %s of [%s, %s) in %s",
        fence.id(), fence.kind(), fence.start(), fence.end(), fence.addressSpaceId());
    screen.format(
        "state     %s, begun %s ago, %s",
        screen.paint(States.style(fence.state()), fence.state()),
        States.ago(fence.startedAt()),
        fence.notificationMode());
    screen.format(
        "phases    schedule %s, unmap %s, wait %s%s",
        States.micros(fence.scheduleMicros()),
        States.micros(fence.unmapMicros()),
        States.micros(fence.waitMicros()),
        fence.pending() ? " so far" : "");
    for (Fence.Late late : detail.late()) {
      screen.line("");
      screen.line(
          Style.BAD,
          "late      "
              + late.device()
              + " ("
              + late.deviceName()
              + ") for "
              + States.ago(late.since()));
      screen.line("why       " + late.why());
      screen.line("next      " + late.next());
    }
    participants(fence, screen);
  }

  private static void participants(Fence fence, Screen screen) {
    screen.line("");
    if (fence.participants().isEmpty()) {
      screen.line("nobody had to be told");
      return;
    }
    TextTable table =
        TextTable.of("PARTICIPANT", "~NAME", "RESOLUTION", ">AFTER", ">BEHIND THE FIRST");
    for (Fence.Participant each : fence.participants()) {
      table.row(
          each.device(),
          each.deviceName(),
          States.cell(each.resolution()),
          States.micros(each.elapsedMicros()),
          States.micros(each.latenessMicros()));
    }
    screen.table(table);
  }
}
