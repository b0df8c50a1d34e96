package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.Notice;
import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.EventStream;
import dev.fenceline.client.rest.Query;
import dev.fenceline.testbed.text.Style;
import dev.fenceline.testbed.text.TextTable;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code fenceline events}: what happened, or happens. Confined to the main thread. */
@Command(
    name = "events",
    description = "What happened in the installation; with --follow: what happens, until Ctrl-C.")
final class EventsCommand extends OperatorCommand {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  @Mixin private ListOptions list = new ListOptions();

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      description = "Only these kinds, separated by commas.")
  private @Nullable String kind;

  @Option(names = "--after", paramLabel = "ID", description = "Only events behind this one.")
  private @Nullable String after;

  @Option(
      names = {"-f", "--follow"},
      description = "Go on: resumes by itself where it was, and says so when something was lost.")
  private boolean follow;

  @Override
  void show(CoordinatorClient coordinator, Screen screen) {
    Query query = Query.all().with("kind", kind).with("after", after);
    if (follow) {
      follow(coordinator, query, screen);
      return;
    }
    JsonNode document =
        coordinator.document("/events", query.limit(list.pageItems(ListOptions.NEWEST)));
    if (!asTable()) {
      documents().write(document);
      return;
    }
    TextTable table = TextTable.of("TIME", "KIND", "WHERE", "~WHAT");
    document.path("items").forEach(item -> row(table, coordinator.value(item, Notice.Event.class)));
    if (table.isEmpty()) {
      screen.line("no events");
    } else {
      screen.table(table);
    }
    if (document.path("gap").isObject()) {
      screen.line(Style.DOUBTFUL, gap(coordinator.value(document.path("gap"), Notice.Gap.class)));
    }
  }

  private static void row(TextTable table, Notice.Event event) {
    table.row(time(event), event.kind(), where(event), event.message());
  }

  private static LocalTime time(Notice.Event event) {
    return LocalTime.ofInstant(event.at(), ZoneId.systemDefault()).truncatedTo(ChronoUnit.MILLIS);
  }

  private static String where(Notice.Event event) {
    for (String each :
        new @Nullable String[] {
          event.fenceId(), event.device(), event.agentId(), event.addressSpaceId(), event.hostId()
        }) {
      if (each != null) {
        return each;
      }
    }
    return "-";
  }

  private static String gap(Notice.Gap gap) {
    return "events are missing here: " + gap.reason();
  }

  private void follow(CoordinatorClient coordinator, Query query, Screen screen) {
    try (EventStream events = coordinator.followEvents(query)) {
      while (screen.open()) {
        print(events.next(), screen);
        screen.flush();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void print(Notice notice, Screen screen) {
    switch (notice) {
      case Notice.Event event when !asTable() -> documentOf(event, screen);
      case Notice.Event event ->
          screen.line(
              "%-12s  %s  %s  %s"
                  .formatted(time(event), event.kind(), where(event), event.message()));
      case Notice.Gap gap -> aside(gap(gap), screen);
      case Notice.Interrupted interrupted ->
          aside("interrupted, goes on when the coordinator answers: " + interrupted.why(), screen);
    }
  }

  /** One line each, so that a reader can tell them apart. */
  private void documentOf(Notice.Event event, Screen screen) {
    if (format() == OutputOptions.Format.JSON) {
      screen.line(MAPPER.writeValueAsString(event));
    } else {
      documents().write(MAPPER.valueToTree(event));
    }
  }

  /** Documents stay documents. */
  private void aside(String sentence, Screen screen) {
    if (asTable()) {
      screen.line(Style.DOUBTFUL, sentence);
    } else {
      System.err.println("fenceline: " + sentence);
    }
  }
}
