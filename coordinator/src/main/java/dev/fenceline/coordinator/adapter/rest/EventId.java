package dev.fenceline.coordinator.adapter.rest;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** An event's id: which start of the coordinator, and the number in it; immutable. */
record EventId(long bootToken, long number) {
  private static final Pattern FORM = Pattern.compile("([0-9a-f]{16})-([0-9]{1,18})");

  static String text(long bootToken, long number) {
    return new EventId(bootToken, number).toString();
  }

  /** Null if absent. */
  static @Nullable EventId parse(String name, @Nullable String text) {
    if (text == null) {
      return null;
    }
    Matcher parts = FORM.matcher(text);
    if (!parts.matches()) {
      throw ProblemException.invalidParameter(
          name, text, "the id of an event, as 9c1185a5c5e9fc54-42");
    }
    return new EventId(Long.parseUnsignedLong(parts.group(1), 16), Long.parseLong(parts.group(2)));
  }

  @Override
  public String toString() {
    return "%016x-%d".formatted(bootToken, number);
  }
}
