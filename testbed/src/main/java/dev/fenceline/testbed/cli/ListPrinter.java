package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.Unavailable;
import dev.fenceline.client.rest.Listing;
import dev.fenceline.testbed.text.Style;
import dev.fenceline.testbed.text.TextTable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import tools.jackson.databind.JsonNode;

/**
 * Shows a list of any length: as a table in portions, so that only one portion is in memory, or as
 * the documents. Says what is missing. Confined to one thread.
 */
final class ListPrinter<T> {
  private static final int PORTION = 1000;

  private final OperatorCommand command;
  private final String things;
  private final TextTable table;
  private final BiConsumer<TextTable, T> rows;

  /**
   * @param things what the list consists of, for people
   * @param rows adds the row of an item
   */
  ListPrinter(
      OperatorCommand command, String things, TextTable table, BiConsumer<TextTable, T> rows) {
    this.command = command;
    this.things = things;
    this.table = table;
    this.rows = rows;
  }

  void show(Listing<T> listing, long most, Screen screen) {
    if (!command.asTable()) {
      DocumentWriter.Walked walked =
          command.documents().writePages(listing.documents().iterator(), most);
      walked.last().path("unavailableHosts").forEach(ListPrinter::warn);
      walked.last().path("unavailableAgents").forEach(ListPrinter::warn);
      if (walked.cut()) {
        System.err.println("fenceline: " + cut(most));
      }
      return;
    }
    long shown = 0;
    boolean headed = false;
    boolean more = false;
    Walk walk = new Walk();
    pages:
    for (Listing.Page<T> page : listing.pages()) {
      walk.take(page);
      for (T item : page.items()) {
        if (shown == most) {
          more = true;
          break pages;
        }
        rows.accept(table, item);
        shown++;
        if (table.size() == PORTION) {
          headed = print(screen, headed);
          screen.flush();
        }
      }
      if (shown == most && (page.nextCursor() != null || page.truncated())) {
        more = true;
        break;
      }
    }
    if (shown == 0) {
      screen.line("no " + things);
    } else if (!table.isEmpty()) {
      print(screen, headed);
    }
    if (more || walk.truncated) {
      screen.line(Style.DOUBTFUL, cut(shown));
    }
    walk.notes(screen);
    table.clear();
  }

  private boolean print(Screen screen, boolean headed) {
    if (headed) {
      screen.continued(table);
    } else {
      screen.table(table);
      table.clear();
    }
    return true;
  }

  private String cut(long shown) {
    return "these are "
        + shown
        + " "
        + things
        + "; there are more: narrow it down, or take --limit 0";
  }

  private static void warn(JsonNode host) {
    System.err.println(
        "fenceline: "
            + host.path("id").asString("")
            + " is missing here: "
            + host.path("reason").asString(""));
  }

  /** What the pages say about themselves. Confined to one walk. */
  private static final class Walk {
    private final Map<String, Unavailable> missing = new LinkedHashMap<>();
    private boolean truncated;
    private long sequence = -1;
    private boolean changed;

    void take(Listing.Page<?> page) {
      page.unavailable().forEach(each -> missing.put(each.id(), each));
      truncated = page.truncated() && page.nextCursor() == null;
      Long read = page.sequence();
      if (read != null) {
        changed |= sequence >= 0 && sequence != read;
        sequence = read;
      }
    }

    void notes(Screen screen) {
      if (changed) {
        screen.line(Style.DOUBTFUL, "the address space changed while it was read");
      }
      for (Unavailable each : missing.values()) {
        screen.line(
            Style.BAD,
            each.id()
                + " is missing here: "
                + each.reason()
                + " ("
                + each.state()
                + " since "
                + each.since()
                + ")");
      }
    }
  }
}
