package dev.fenceline.testbed.cli;

import dev.fenceline.model.WaitPolicy;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Addresses, lengths and waits as people write them. Stateless. */
final class Sizes {
  private static final Pattern SIZE =
      Pattern.compile("([0-9]{1,15})\\s*(|[kKmMgGtT](?:i?[bB])?|[bB]|p(?:ages)?)");
  private static final Pattern DEADLINE = Pattern.compile("([0-9]{1,9})\\s*(ms|s)");

  private Sizes() {}

  /** {@code 0x7f00} or decimal. */
  static long address(String text) {
    try {
      if (text.startsWith("0x") || text.startsWith("0X")) {
        return Long.parseUnsignedLong(text.substring(2), 16);
      }
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "'" + text + "' is no address; write 0x7f0000000000, or decimal", e);
    }
  }

  /** {@code 4096}, {@code 64KiB} (or 64k), {@code 0x1000}, {@code 16p} for pages. */
  static long bytes(String text) {
    if (text.startsWith("0x")) {
      return address(text);
    }
    Matcher matcher = SIZE.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'" + text + "' is no length; write 4096, 64KiB, 2MiB or 16p for 16 pages");
    }
    long factor =
        switch (matcher.group(2).isEmpty()
            ? "b"
            : matcher.group(2).substring(0, 1).toLowerCase(Locale.ROOT)) {
          case "k" -> 1L << 10;
          case "m" -> 1L << 20;
          case "g" -> 1L << 30;
          case "t" -> 1L << 40;
          case "p" -> 4096;
          default -> 1;
        };
    long count = Long.parseLong(matcher.group(1));
    if (count > Long.MAX_VALUE / factor) {
      throw new IllegalArgumentException("'" + text + "' is longer than any address space");
    }
    return count * factor;
  }

  /** {@code block}, {@code try}, or a bound such as {@code 500ms}. */
  static WaitPolicy waiting(String text) {
    Matcher matcher = DEADLINE.matcher(text);
    if (matcher.matches()) {
      long millis = Long.parseLong(matcher.group(1)) * (matcher.group(2).equals("s") ? 1000 : 1);
      return new WaitPolicy.Deadline(millis * 1_000_000);
    }
    return switch (text) {
      case "block" -> WaitPolicy.BLOCK;
      case "try" -> WaitPolicy.TRY;
      default ->
          throw new IllegalArgumentException(
              "--wait is '" + text + "'; it must be block, try, or a bound such as 500ms");
    };
  }
}
