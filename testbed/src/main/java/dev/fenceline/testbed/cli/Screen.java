package dev.fenceline.testbed.cli;

import dev.fenceline.testbed.text.Style;
import dev.fenceline.testbed.text.TextTable;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** What a command says, gathered and then written at once. Confined to one thread. */
final class Screen {
  private static final int NO_TERMINAL_WIDTH = Integer.MAX_VALUE;
  private static final int DEFAULT_WIDTH = 100;

  private final PrintStream out;
  private final boolean terminal;
  private final boolean coloured;
  private final StringBuilder text = new StringBuilder();
  private Size size;

  private Screen(PrintStream out, boolean terminal, boolean coloured, Size size) {
    this.out = out;
    this.terminal = terminal;
    this.coloured = coloured;
    this.size = size;
  }

  /** Characters that fit; immutable. */
  record Size(int rows, int columns) {
    private static final Size UNBOUNDED = new Size(Integer.MAX_VALUE, NO_TERMINAL_WIDTH);

    /** As `stty size` or the script says it: rows, a blank, columns. */
    static Size parse(String text) {
      String[] words = text.strip().split("\\s+");
      try {
        int rows = Integer.parseInt(words[0]);
        int columns = Integer.parseInt(words[words.length - 1]);
        return rows > 0 && columns > 0 ? new Size(rows, columns) : new Size(50, DEFAULT_WIDTH);
      } catch (NumberFormatException e) {
        return new Size(50, DEFAULT_WIDTH);
      }
    }
  }

  /** Standard output; the script that starts the virtual machine knows whether it is a terminal. */
  static Screen standard(boolean noColor) {
    String terminal = System.getProperty("fenceline.terminal", "");
    boolean isTerminal = !terminal.isEmpty();
    String wish = System.getenv("NO_COLOR");
    boolean coloured = isTerminal && !noColor && (wish == null || wish.isEmpty());
    return new Screen(
        System.out, isTerminal, coloured, isTerminal ? Size.parse(terminal) : Size.UNBOUNDED);
  }

  /** One that a test reads. */
  static Screen to(PrintStream out, int columns) {
    return new Screen(out, false, false, new Size(Integer.MAX_VALUE, columns));
  }

  boolean terminal() {
    return terminal;
  }

  int columns() {
    return size.columns();
  }

  int rows() {
    return size.rows();
  }

  /** False once nobody reads what is written. */
  boolean open() {
    return !out.checkError();
  }

  Screen line(String line) {
    text.append(line).append('\n');
    return this;
  }

  Screen line(Style style, String line) {
    return line(style.paint(line, coloured));
  }

  Screen format(String pattern, Object... arguments) {
    return line(pattern.formatted(arguments));
  }

  String paint(Style style, String word) {
    return style.paint(word, coloured);
  }

  Screen table(TextTable table) {
    table.appendTo(text, size.columns(), coloured);
    return this;
  }

  /** The rows alone, which the table forgets. */
  Screen continued(TextTable table) {
    table.continueTo(text, size.columns(), coloured);
    return this;
  }

  /** Writes what was gathered behind what was written before. */
  void flush() {
    out.print(text);
    out.flush();
    text.setLength(0);
  }

  /** Writes what was gathered over what was written before. */
  void redraw() {
    if (!terminal) {
      flush();
      return;
    }
    StringBuilder frame = new StringBuilder("\u001b[?25l\u001b[H");
    text.toString()
        .lines()
        .limit(Math.max(1, size.rows() - 1))
        .forEach(line -> frame.append(line).append("\u001b[K\n"));
    frame.append("\u001b[J");
    text.setLength(0);
    out.print(frame);
    out.flush();
  }

  /** Begins to redraw: an empty screen, and one with a cursor again whatever ends the process. */
  void begin() {
    if (terminal) {
      out.print("\u001b[2J");
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    out.print("\u001b[?25h");
                    out.flush();
                  }));
    }
  }

  /** Asks the terminal for its size again, since people drag windows. */
  void measure() {
    if (!terminal) {
      return;
    }
    try {
      Process stty = new ProcessBuilder("sh", "-c", "stty size </dev/tty").start();
      if (stty.waitFor(500, TimeUnit.MILLISECONDS) && stty.exitValue() == 0) {
        size =
            Size.parse(new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
      }
    } catch (IOException e) {
      // The size of before is as good a guess as any.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
