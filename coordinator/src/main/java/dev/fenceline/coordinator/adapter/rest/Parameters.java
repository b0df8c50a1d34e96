package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.engine.query.Interval;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Pages;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Parses what a request carries; refuses with the parameter's name, its value and the allowed form.
 * Stateless.
 */
final class Parameters {
  static final int DEFAULT_LIMIT = 100;
  static final int MAX_LIMIT = 1000;

  private static final String ADDRESS_FORM =
      "an address in [0, 2^47), hexadecimal (0x7f00...) or decimal";
  private static final String BOUND_FORM =
      "a multiple of 4096 in [0, 2^47], hexadecimal (0x7f00...) or decimal";
  private static final String LIMIT_FORM = "a number from 1 to " + MAX_LIMIT;
  private static final String NODE_FORM = "a node id: 1 to 128 letters, digits, '.', '_' or '-'";
  private static final String INDEX_FORM = "a device index: a number from 0 to 2147483647";
  private static final Pattern HEX = Pattern.compile("0[xX]([0-9a-fA-F]{1,16})");
  private static final Pattern DECIMAL = Pattern.compile("[0-9]{1,19}");
  private static final Pattern NODE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
  private static final Pattern COMPOSITE =
      Pattern.compile("([A-Za-z0-9][A-Za-z0-9._-]{0,127})\\.([0-9]{1,20})");

  private Parameters() {}

  /**
   * A REST id of something on a host.
   *
   * @param number unsigned
   */
  record CompositeId(String hostId, long number) {
    @Override
    public String toString() {
      return hostId + "." + Long.toUnsignedString(number);
    }
  }

  static String nodeId(String name, String text) {
    if (!NODE.matcher(text).matches()) {
      throw ProblemException.invalidParameter(name, text, NODE_FORM);
    }
    return text;
  }

  static CompositeId spaceId(String name, String text) {
    return compositeId(
        name, text, "{hostId}.{n} with the host's decimal id of the address space, as host-1.1");
  }

  static CompositeId fenceId(String name, String text) {
    return compositeId(
        name, text, "{hostId}.{n} with the host's decimal id of the invalidation, as host-1.42");
  }

  static int deviceIndex(String name, String text) {
    long index = DECIMAL.matcher(text).matches() ? parsed(text, 10) : -1;
    if (index < 0 || index > Integer.MAX_VALUE) {
      throw ProblemException.invalidParameter(name, text, INDEX_FORM);
    }
    return (int) index;
  }

  /** agentId/index; null if absent. */
  static @Nullable DeviceId device(String name, @Nullable String text) {
    if (text == null) {
      return null;
    }
    int slash = text.lastIndexOf('/');
    String form = "agentId/index, as agent-1/0";
    if (slash < 0 || !NODE.matcher(text.substring(0, slash)).matches()) {
      throw ProblemException.invalidParameter(name, text, form);
    }
    String index = text.substring(slash + 1);
    long value = DECIMAL.matcher(index).matches() ? parsed(index, 10) : -1;
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw ProblemException.invalidParameter(name, text, form);
    }
    return new DeviceId(text.substring(0, slash), (int) value);
  }

  static int limit(@Nullable String text) {
    if (text == null) {
      return DEFAULT_LIMIT;
    }
    long limit = DECIMAL.matcher(text).matches() ? parsed(text, 10) : -1;
    if (limit < 1 || limit > MAX_LIMIT) {
      throw ProblemException.invalidParameter("limit", text, LIMIT_FORM);
    }
    return (int) limit;
  }

  /** A whole number from least to most. */
  static int number(String name, @Nullable String text, int least, int most, int byDefault) {
    if (text == null) {
      return byDefault;
    }
    long number = DECIMAL.matcher(text).matches() ? parsed(text, 10) : -1;
    if (number < least || number > most) {
      throw ProblemException.invalidParameter(name, text, "a number from " + least + " to " + most);
    }
    return (int) number;
  }

  /** true or false; false if absent. */
  static boolean flag(String name, @Nullable String text) {
    if (text != null && !text.equals("true") && !text.equals("false")) {
      throw ProblemException.invalidParameter(name, text, "'true' or 'false'");
    }
    return "true".equals(text);
  }

  static CompositeId programId(String name, String text) {
    return compositeId(name, text, "{agentId}.{n} with the program's number, as agent-1.7");
  }

  static CompositeId pinId(String name, String text) {
    return compositeId(
        name, text, "{hostId}.{n} with the host's decimal id of the pin, as host-1.3");
  }

  /** The page that the address lies in. */
  static long pageAddress(String name, String text) {
    return address(name, text) & -Pages.SIZE_BYTES;
  }

  /** In [0, 2^47). */
  static long address(String name, String text) {
    long address = number(text);
    if (address < 0 || address >= Pages.ADDRESS_LIMIT) {
      throw ProblemException.invalidParameter(name, text, ADDRESS_FORM);
    }
    return address;
  }

  /** [start, end), each with its default; null if neither is given. */
  static @Nullable Interval interval(@Nullable String start, @Nullable String end) {
    if (start == null && end == null) {
      return null;
    }
    long from = start == null ? 0 : bound("start", start);
    long to = end == null ? Pages.ADDRESS_LIMIT : bound("end", end);
    if (from >= to) {
      throw end == null
          ? ProblemException.invalidParameter("start", String.valueOf(start), "less than 2^47")
          : ProblemException.invalidParameter(
              "end", end, "greater than start, 0x" + Long.toHexString(from));
    }
    return new Interval(from, to);
  }

  /** True for pending only. */
  static boolean pendingOnly(@Nullable String state) {
    if (state == null || state.equals("all")) {
      return false;
    }
    if (!state.equals("pending")) {
      throw ProblemException.invalidParameter("state", state, "'pending' or 'all'");
    }
    return true;
  }

  private static CompositeId compositeId(String name, String text, String form) {
    Matcher parts = COMPOSITE.matcher(text);
    if (!parts.matches()) {
      throw ProblemException.invalidParameter(name, text, form);
    }
    try {
      return new CompositeId(parts.group(1), Long.parseUnsignedLong(parts.group(2)));
    } catch (NumberFormatException above64Bits) {
      throw ProblemException.invalidParameter(name, text, form + ", below 2^64");
    }
  }

  private static long bound(String name, String text) {
    long value = number(text);
    if (value < 0 || value > Pages.ADDRESS_LIMIT || !Pages.aligned(value)) {
      throw ProblemException.invalidParameter(name, text, BOUND_FORM);
    }
    return value;
  }

  /** -1 if it is none or does not fit. */
  private static long number(String text) {
    Matcher hex = HEX.matcher(text);
    if (hex.matches()) {
      return parsed(hex.group(1), 16);
    }
    return DECIMAL.matcher(text).matches() ? parsed(text, 10) : -1;
  }

  private static long parsed(String digits, int radix) {
    try {
      return Long.parseLong(digits, radix);
    } catch (NumberFormatException tooLarge) {
      return -1;
    }
  }
}
