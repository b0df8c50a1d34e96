package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Checks members of bodies; refuses with the member's name, value and allowed form. Stateless. */
final class Members {
  private static final Pattern PROTECTION = Pattern.compile("[r-][w-][x-]");
  private static final Pattern NUMBER = Pattern.compile("0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20}");
  private static final String NUMBER_FORM =
      "a string with a number below 2^64, hexadecimal (0x...) or decimal";

  private Members() {}

  static <T> T needed(String name, @Nullable T value) {
    if (value == null) {
      throw ProblemException.invalidParameter(name, "null", "given");
    }
    return value;
  }

  /** Empty if absent. */
  static String text(String name, @Nullable String value, int maxLength) {
    if (value == null) {
      return "";
    }
    if (value.length() > maxLength || value.chars().anyMatch(Character::isISOControl)) {
      throw ProblemException.invalidParameter(
          name, value, "at most " + maxLength + " characters, none of them a control character");
    }
    return value;
  }

  /** A whole number from least to most. */
  static long number(String name, @Nullable Long value, long least, long most) {
    long number = needed(name, value);
    if (number < least || number > most) {
      throw ProblemException.invalidParameter(
          name, Long.toString(number), "a number from " + least + " to " + most);
    }
    return number;
  }

  static long numberOr(String name, @Nullable Long value, long least, long most, long byDefault) {
    return value == null ? byDefault : number(name, value, least, most);
  }

  /** Nanoseconds. */
  static long seconds(String name, @Nullable Double value, double most) {
    double seconds = needed(name, value);
    if (!(seconds >= 0 && seconds <= most)) {
      throw ProblemException.invalidParameter(
          name, Double.toString(seconds), "seconds from 0 to " + (long) most);
    }
    return (long) (seconds * 1e9);
  }

  /** Bytes, at least one. */
  static long length(String name, @Nullable Long value) {
    return number(name, value, 1, Pages.ADDRESS_LIMIT);
  }

  /** In [0, 2^47). */
  static long address(String name, @Nullable String value) {
    return Parameters.address(name, needed(name, value));
  }

  /** Any 64 bits. */
  static long word(String name, @Nullable String value) {
    String text = needed(name, value);
    if (NUMBER.matcher(text).matches()) {
      try {
        return text.length() > 1 && Character.toLowerCase(text.charAt(1)) == 'x'
            ? Long.parseUnsignedLong(text.substring(2), 16)
            : Long.parseUnsignedLong(text);
      } catch (NumberFormatException above64Bits) {
        throw ProblemException.invalidParameter(name, text, NUMBER_FORM);
      }
    }
    throw ProblemException.invalidParameter(name, text, NUMBER_FORM);
  }

  static Protection protection(String name, @Nullable String value) {
    String text = needed(name, value);
    if (!PROTECTION.matcher(text).matches()) {
      throw ProblemException.invalidParameter(name, text, "of the form rwx, with - for each no");
    }
    return new Protection(text.charAt(0) == 'r', text.charAt(1) == 'w', text.charAt(2) == 'x');
  }

  static NotificationMode mode(String name, @Nullable String value) {
    return word(name, needed(name, value), NotificationMode.class);
  }

  /** The constant that the API spells so. */
  static <E extends Enum<E>> E word(String name, String value, Class<E> type) {
    return Arrays.stream(type.getEnumConstants())
        .filter(each -> Views.word(each).equals(value))
        .findFirst()
        .orElseThrow(
            () ->
                ProblemException.invalidParameter(
                    name,
                    value,
                    Arrays.stream(type.getEnumConstants())
                        .map(Views::word)
                        .collect(Collectors.joining(", ", "one of ", ""))));
  }

  /** A member that does nothing here would be a mistake that nobody notices. */
  static void onlyThese(
      String what, Map<String, ? extends @Nullable Object> given, List<String> taken) {
    given.forEach(
        (name, value) -> {
          if (value != null && !taken.contains(name)) {
            throw ProblemException.invalidParameter(
                name,
                value.toString(),
                "left out: "
                    + what.toLowerCase(Locale.ROOT)
                    + " takes "
                    + String.join(", ", taken));
          }
        });
  }
}
