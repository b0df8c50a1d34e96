package dev.fenceline.testbed.trace;

import java.util.ArrayList;
import java.util.List;

/**
 * A finished call taken apart: its arguments as texts and its result.
 *
 * <p>Immutable.
 *
 * @param arguments the texts between the outermost commas, stripped of comments and blanks
 * @param result what stands behind the equals sign, stripped
 */
record StraceCall(String name, List<String> arguments, String result) {

  private static final int MAX_ARGUMENTS = 64;

  /**
   * Takes apart {@code name(arguments) = result}.
   *
   * @throws MalformedCall if brackets or quotes do not match or there is no result
   */
  static StraceCall parse(String name, String text) throws MalformedCall {
    List<String> arguments = new ArrayList<>(6);
    int close = splitArguments(text, name.length() + 1, arguments);
    int equals = close + 1;
    while (equals < text.length() && text.charAt(equals) == ' ') {
      equals++;
    }
    if (equals >= text.length() || text.charAt(equals) != '=') {
      throw new MalformedCall("no result");
    }
    String result = text.substring(equals + 1).strip();
    if (result.isEmpty()) {
      throw new MalformedCall("empty result");
    }
    return new StraceCall(name, arguments, result);
  }

  /** Whether strace could not see the result, since the caller died or the call is restarted. */
  boolean neverReturned() {
    return result.startsWith("?");
  }

  boolean failed() {
    return result.startsWith("-");
  }

  /** The symbolic errno of a failed call. */
  String error() {
    int nameStart = result.indexOf(' ') + 1;
    int nameEnd = result.indexOf(' ', nameStart);
    String name = result.substring(nameStart, nameEnd < 0 ? result.length() : nameEnd);
    return nameStart > 0 && name.startsWith("E") ? name : result;
  }

  /** The result as a number: an address, a pid, or 0. */
  long resultNumber() throws MalformedCall {
    int end = result.indexOf(' ');
    return Numbers.parse(end < 0 ? result : result.substring(0, end));
  }

  String argument(int index) throws MalformedCall {
    if (index >= arguments.size()) {
      throw new MalformedCall("argument " + (index + 1) + " is missing");
    }
    return arguments.get(index);
  }

  long number(int index) throws MalformedCall {
    return Numbers.parse(argument(index));
  }

  /** Returns the index of the parenthesis that closes the arguments. */
  private static int splitArguments(String text, int from, List<String> into) throws MalformedCall {
    StringBuilder argument = new StringBuilder();
    int depth = 0;
    int i = from;
    while (i < text.length()) {
      int skipped = skipOpaque(text, i);
      if (skipped > i) {
        i = skipped;
        continue;
      }
      char c = text.charAt(i);
      if (c == ')' && depth == 0) {
        finishArgument(argument, into);
        return i;
      }
      if (c == ',' && depth == 0) {
        finishArgument(argument, into);
      } else {
        depth += nesting(c);
        argument.append(c);
      }
      i++;
    }
    throw new MalformedCall("the line ends inside the arguments");
  }

  private static void finishArgument(StringBuilder argument, List<String> into)
      throws MalformedCall {
    if (into.size() >= MAX_ARGUMENTS) {
      throw new MalformedCall("more than " + MAX_ARGUMENTS + " arguments");
    }
    into.add(argument.toString().strip());
    argument.setLength(0);
  }

  private static int nesting(char c) {
    return switch (c) {
      case '(', '[', '{' -> 1;
      case ')', ']', '}' -> -1;
      default -> 0;
    };
  }

  /**
   * Index behind a quoted string, a comment, or a descriptor's path; {@code at} if there is none.
   */
  private static int skipOpaque(String text, int at) throws MalformedCall {
    char c = text.charAt(at);
    if (c == '"') {
      return skipString(text, at + 1);
    }
    if (c == '/' && text.startsWith("/*", at)) {
      int end = text.indexOf("*/", at + 2);
      if (end < 0) {
        throw new MalformedCall("the line ends inside a comment");
      }
      return end + 2;
    }
    if (c == '<') {
      return text.startsWith("<<", at) ? at : skipPath(text, at);
    }
    return at;
  }

  private static int skipString(String text, int from) throws MalformedCall {
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == '"') {
        return i + 1;
      }
    }
    throw new MalformedCall("the line ends inside a string");
  }

  /** What {@code strace -y} puts behind a descriptor; sockets contain arrows and brackets. */
  private static int skipPath(String text, int at) throws MalformedCall {
    if (at > 0 && text.charAt(at - 1) == '<') {
      // The second half of a shift.
      return at;
    }
    int depth = 0;
    for (int i = at; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '<') {
        depth++;
      } else if (c == '>' && text.charAt(i - 1) != '-' && --depth == 0) {
        return i + 1;
      }
    }
    throw new MalformedCall("the line ends inside a path");
  }
}
