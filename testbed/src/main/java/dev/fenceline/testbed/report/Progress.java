package dev.fenceline.testbed.report;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The line that shows how far a run is: rewritten in place on a terminal, repeated now and then
 * elsewhere.
 *
 * <p>Confined to one thread. The caller brings the time, in nanoseconds of any steady clock.
 */
public final class Progress {

  private static final long TERMINAL_INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final long PLAIN_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final String REWRITE = "\r\u001b[K";

  private final PrintStream out;
  private final boolean terminal;
  private final int width;
  private @Nullable Long shownNanos;
  private boolean open;

  /**
   * A progress line.
   *
   * @param terminal whether {@code out} is a terminal, where a line can be rewritten
   * @param width columns of the terminal: a line that wraps could not be rewritten
   */
  public Progress(PrintStream out, boolean terminal, int width) {
    this.out = out;
    this.terminal = terminal;
    this.width = Math.max(width, 20);
  }

  /** Shows a line, unless the last one was shown too short a time ago. */
  public void update(long nowNanos, String line) {
    long interval = terminal ? TERMINAL_INTERVAL_NANOS : PLAIN_INTERVAL_NANOS;
    if (shownNanos == null || nowNanos - shownNanos >= interval) {
      show(nowNanos, line);
    }
  }

  /** Shows the last line and leaves it standing. */
  public void finish(long nowNanos, String line) {
    show(nowNanos, line);
    close();
  }

  /** Takes the line away, so that other text can be printed; the next update shows it again. */
  public void clear() {
    if (open) {
      out.print(REWRITE);
      out.flush();
      open = false;
    }
    shownNanos = null;
  }

  private void close() {
    if (open) {
      out.println();
      out.flush();
      open = false;
    }
    shownNanos = null;
  }

  private void show(long nowNanos, String line) {
    String single = line.replace('\n', ' ');
    shownNanos = nowNanos;
    if (terminal) {
      String fitting = single.length() < width ? single : single.substring(0, width - 4) + "...";
      out.print(REWRITE + fitting);
      open = true;
    } else {
      out.println(single);
    }
    out.flush();
  }
}
