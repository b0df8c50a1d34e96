package dev.fenceline.testbed.trace;

/**
 * The numbers of strace: decimal, hexadecimal with 0x, octal with a leading 0, and NULL.
 *
 * <p>Stateless.
 */
final class Numbers {

  private Numbers() {}

  /**
   * Parses a whole text, all 64 bits of an unsigned number included.
   *
   * @throws MalformedCall if it is no number or does not fit
   */
  static long parse(String text) throws MalformedCall {
    try {
      if (text.equals("NULL")) {
        return 0;
      }
      if (text.startsWith("0x") || text.startsWith("0X")) {
        return Long.parseUnsignedLong(text, 2, text.length(), 16);
      }
      if (text.startsWith("-")) {
        return Long.parseLong(text);
      }
      if (text.startsWith("0") && text.length() > 1) {
        return Long.parseUnsignedLong(text, 1, text.length(), 8);
      }
      return Long.parseUnsignedLong(text);
    } catch (NumberFormatException e) {
      throw new MalformedCall(text.isEmpty() ? "missing number" : "not a number: " + clip(text));
    }
  }

  private static String clip(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "...";
  }
}
