package dev.fenceline.client.rest;

import java.io.BufferedReader;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Makes messages of the lines of an event stream, as the WHATWG HTML standard (9.2.6) has it.
 * Confined to one thread.
 */
final class SseParser {
  private static final int MAX_LINE_CHARACTERS = 1 << 20;

  private final StringBuilder data = new StringBuilder();
  private String name = "";

  /** A message; immutable. */
  record Message(String name, String data) {}

  /** Takes a line in; a message if it was the empty line behind one. */
  @Nullable Message take(String line) {
    if (line.isEmpty()) {
      return end();
    }
    int colon = line.indexOf(':');
    String field = colon < 0 ? line : line.substring(0, colon);
    String value = colon < 0 ? "" : line.substring(colon + 1);
    String trimmed = value.startsWith(" ") ? value.substring(1) : value;
    switch (field) {
      case "data" -> data.append(trimmed).append('\n');
      case "event" -> name = trimmed;
      default -> {
        // Comments have an empty field name; the id stands in the data as well; the pause is the
        // client's own.
      }
    }
    return null;
  }

  private @Nullable Message end() {
    Message message =
        data.isEmpty() ? null : new Message(name, data.substring(0, data.length() - 1));
    data.setLength(0);
    name = "";
    return message;
  }

  /** The next line, null at the end; bounded, since whoever answers may be no coordinator. */
  static @Nullable String readLine(BufferedReader in) throws IOException {
    StringBuilder line = new StringBuilder();
    int next = in.read();
    if (next < 0) {
      return null;
    }
    while (next >= 0 && next != '\n') {
      if (line.length() == MAX_LINE_CHARACTERS) {
        throw new IOException("a line of more than " + MAX_LINE_CHARACTERS + " characters");
      }
      line.append((char) next);
      next = in.read();
    }
    int end = line.length() - 1;
    return end >= 0 && line.charAt(end) == '\r' ? line.substring(0, end) : line.toString();
  }
}
