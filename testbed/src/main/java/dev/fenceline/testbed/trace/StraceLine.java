package dev.fenceline.testbed.trace;

import org.jspecify.annotations.Nullable;

/**
 * What one line of an strace log says, before its arguments are looked at.
 *
 * <p>Immutable. {@code pid} is {@link #NO_PID} if the line has no pid column.
 */
sealed interface StraceLine {

  int NO_PID = -1;

  /** A call that finished on this line; {@code text} starts at its name. */
  record Call(int pid, String name, String text) implements StraceLine {}

  /** A call that something interrupted; {@code text} is its start without the marker. */
  record Unfinished(int pid, String name, String text) implements StraceLine {}

  /** The rest of an unfinished call, from behind the marker. */
  record Resumed(int pid, String name, String rest) implements StraceLine {}

  /** The end of a thread or process. */
  record Exited(int pid) implements StraceLine {}

  /** A thread took over its leader's pid by execve; {@code pid} is the leader's. */
  record Superseded(int pid, int byPid) implements StraceLine {}

  /** Well formed and of no interest: signals, strace's own messages, stack traces, blank lines. */
  record Noise() implements StraceLine {}

  /** Nothing that strace writes. */
  record Malformed(String reason) implements StraceLine {}

  /**
   * The length of the part before strace's own message, if that cuts the line in two (on a
   * terminal, the call that creates a process is continued on the next line); -1 if the line is
   * whole.
   */
  static int severedAt(String line) {
    return line.endsWith(" attached") ? line.lastIndexOf("strace: Process ") : -1;
  }

  /** Reads a line; never fails. */
  static StraceLine parse(String line) {
    return new Parser(line).parse();
  }

  /** Cursor over one line; confined to {@link #parse}. */
  final class Parser {

    private static final String UNFINISHED = "<unfinished ...>";

    private static final Noise NOISE = new Noise();

    private final String line;
    private int at;
    private int pid = NO_PID;

    private Parser(String line) {
      this.line = line;
    }

    private StraceLine parse() {
      skipSpaces();
      if (at == line.length() || isMessage()) {
        return NOISE;
      }
      StraceLine bad = prefix();
      return bad == null ? body() : bad;
    }

    /** Messages of strace itself, the frames of {@code strace -k}, and attach-time leftovers. */
    private boolean isMessage() {
      return line.startsWith("strace: ", at)
          || line.startsWith("> ", at)
          || line.startsWith(UNFINISHED, at)
          || (line.startsWith("Process ", at) && line.length() > at + 8 && isDigit(at + 8));
    }

    /** Pid, time stamps, instruction pointer or call number: whichever are there. */
    private @Nullable StraceLine prefix() {
      if (line.startsWith("[pid", at)) {
        at += 4;
        skipSpaces();
        if (!readPid() || at >= line.length() || line.charAt(at) != ']') {
          return new Malformed("bad [pid] column");
        }
        at++;
        skipSpaces();
      } else if (startsWithPid() && !readPid()) {
        return new Malformed("bad pid column");
      }
      skipSpaces();
      skipTimestamp();
      if (line.startsWith("(+", at)) {
        skipPast(')');
      }
      if (at < line.length() && line.charAt(at) == '[') {
        skipPast(']');
      }
      return null;
    }

    private StraceLine body() {
      if (line.startsWith("<... ", at)) {
        return resumed();
      }
      if (line.startsWith("+++ ", at)) {
        return ended();
      }
      if (line.startsWith("--- ", at) || line.startsWith("????(", at)) {
        return NOISE;
      }
      int nameStart = at;
      while (at < line.length() && isNamePart(line.charAt(at))) {
        at++;
      }
      if (at == nameStart || at == line.length() || line.charAt(at) != '(') {
        return new Malformed("not an strace line");
      }
      String name = line.substring(nameStart, at);
      String text = line.substring(nameStart).stripTrailing();
      if (text.endsWith(UNFINISHED)) {
        String start = text.substring(0, text.length() - UNFINISHED.length()).stripTrailing();
        return new Unfinished(pid, name, start);
      }
      return new Call(pid, name, text);
    }

    private StraceLine resumed() {
      int nameStart = at + 5;
      int nameEnd = line.indexOf(' ', nameStart);
      String marker = " resumed>";
      if (nameEnd < 0 || !line.startsWith(marker, nameEnd)) {
        return new Malformed("bad resumed marker");
      }
      String rest = line.substring(nameEnd + marker.length()).stripTrailing();
      return new Resumed(pid, line.substring(nameStart, nameEnd), rest);
    }

    private StraceLine ended() {
      if (line.startsWith("+++ exited with ", at) || line.startsWith("+++ killed by ", at)) {
        return new Exited(pid);
      }
      String superseded = "+++ superseded by execve in pid ";
      if (!line.startsWith(superseded, at)) {
        return NOISE;
      }
      int leader = pid;
      at += superseded.length();
      return readPid()
          ? new Superseded(leader, pid)
          : new Malformed("bad pid of superseding thread");
    }

    /** Digits up to a blank (or a command name in angle brackets) are a pid; a stamp has . or :. */
    private boolean startsWithPid() {
      int i = at;
      while (i < line.length() && isDigit(i)) {
        i++;
      }
      return i > at && i < line.length() && (line.charAt(i) == ' ' || line.charAt(i) == '<');
    }

    private boolean readPid() {
      int from = at;
      long value = 0;
      while (at < line.length() && isDigit(at) && value <= Integer.MAX_VALUE) {
        value = value * 10 + (line.charAt(at) - '0');
        at++;
      }
      if (at == from || value > Integer.MAX_VALUE) {
        return false;
      }
      pid = (int) value;
      if (at < line.length() && line.charAt(at) == '<') {
        int close = line.indexOf('>', at);
        at = close < 0 ? line.length() : close + 1;
      }
      return true;
    }

    private void skipTimestamp() {
      int i = at;
      while (i < line.length() && (isDigit(i) || line.charAt(i) == '.' || line.charAt(i) == ':')) {
        i++;
      }
      if (i > at && i < line.length() && line.charAt(i) == ' ') {
        at = i;
        skipSpaces();
      }
    }

    private void skipPast(char close) {
      int i = line.indexOf(close, at);
      at = i < 0 ? line.length() : i + 1;
      skipSpaces();
    }

    private void skipSpaces() {
      while (at < line.length() && (line.charAt(at) == ' ' || line.charAt(at) == '\t')) {
        at++;
      }
    }

    private boolean isDigit(int index) {
      char c = line.charAt(index);
      return c >= '0' && c <= '9';
    }

    private static boolean isNamePart(char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '_';
    }
  }
}
