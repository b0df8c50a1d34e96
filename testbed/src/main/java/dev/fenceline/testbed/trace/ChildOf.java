package dev.fenceline.testbed.trace;

import java.util.List;

/**
 * What a creating call tells about the child.
 *
 * <p>Stateless.
 */
final class ChildOf {

  private ChildOf() {}

  /** The child's pid as strace knows it, which in a pid namespace only a comment tells. */
  static int pid(StraceCall call) throws MalformedCall {
    String result = call.result();
    int comment = result.indexOf("/* ");
    long pid;
    if (comment >= 0 && result.contains("in strace's PID ns")) {
      int end = result.indexOf(' ', comment + 3);
      pid = Numbers.parse(result.substring(comment + 3, end));
    } else {
      int end = 0;
      while (end < result.length() && Character.isLetterOrDigit(result.charAt(end))) {
        end++;
      }
      pid = Numbers.parse(result.substring(0, end));
    }
    return pid > 0 && pid <= Integer.MAX_VALUE ? (int) pid : 0;
  }

  /** Whether the child runs in its creator's address space. */
  static boolean sharesMemory(String name, List<String> arguments) throws MalformedCall {
    return switch (name) {
      case "fork" -> false;
      case "vfork" -> true;
      default -> (LinuxFlags.parse(flags(arguments)) & LinuxFlags.CLONE_VM) != 0;
    };
  }

  /** As {@link #sharesMemory}, of a call whose arguments may not all be printed yet. */
  static boolean sharesMemoryInFlight(String name, String text) throws MalformedCall {
    return sharesMemory(name, List.of(text.substring(text.indexOf('(') + 1)));
  }

  private static String flags(List<String> arguments) throws MalformedCall {
    for (String argument : arguments) {
      int start = argument.indexOf("flags=");
      if (start >= 0) {
        int end = start + 6;
        while (end < argument.length() && ",}) ".indexOf(argument.charAt(end)) < 0) {
          end++;
        }
        return argument.substring(start + 6, end);
      }
    }
    throw new MalformedCall("a clone without flags");
  }
}
