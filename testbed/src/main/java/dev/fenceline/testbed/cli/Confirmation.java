package dev.fenceline.testbed.cli;

import dev.fenceline.testbed.text.TextTable;
import java.util.Locale;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * What a write came to, for people: the members of its answer, a list of objects as a table.
 * Stateless.
 */
final class Confirmation {
  private Confirmation() {}

  static void show(JsonNode document, Screen screen) {
    int width =
        document
            .propertyStream()
            .filter(each -> !each.getValue().isContainer())
            .mapToInt(each -> words(each.getKey()).length())
            .max()
            .orElse(0);
    document
        .propertyStream()
        .filter(each -> !each.getValue().isContainer())
        .forEach(
            each ->
                screen.line(
                    ("%-" + Math.max(1, width) + "s  %s")
                        .formatted(words(each.getKey()), each.getValue().asString("-"))));
    document
        .propertyStream()
        .filter(each -> each.getValue().isObject())
        .forEach(each -> screen.line(words(each.getKey()) + ": " + members(each.getValue())));
    document
        .propertyStream()
        .filter(each -> each.getValue().isArray() && each.getValue().size() > 0)
        .forEach(each -> table(each.getValue(), screen));
  }

  private static String members(JsonNode object) {
    return object
        .propertyStream()
        .filter(each -> !each.getValue().isContainer())
        .map(each -> words(each.getKey()) + " " + each.getValue().asString("-"))
        .collect(Collectors.joining(", "));
  }

  private static void table(JsonNode array, Screen screen) {
    JsonNode first = array.get(0);
    if (!first.isObject()) {
      return;
    }
    String[] names =
        first
            .propertyStream()
            .filter(each -> !each.getValue().isContainer())
            .map(each -> each.getKey())
            .toArray(String[]::new);
    String[] headers = new String[names.length];
    for (int i = 0; i < names.length; i++) {
      boolean number = first.path(names[i]).isNumber();
      headers[i] = (number ? ">" : "~") + words(names[i]).toUpperCase(Locale.ROOT);
    }
    TextTable table = TextTable.of(headers);
    for (JsonNode item : array) {
      Object[] cells = new Object[names.length];
      for (int i = 0; i < names.length; i++) {
        String text = item.path(names[i]).asString("-");
        cells[i] = names[i].equals("state") ? States.cell(text) : text;
      }
      table.row(cells);
    }
    screen.table(table);
  }

  /** {@code holdLeftMillis} is "hold left millis". */
  private static String words(String camelCase) {
    return camelCase.replaceAll("([A-Z])", " $1").toLowerCase(Locale.ROOT).strip();
  }
}
