package dev.fenceline.testbed.trace;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The kinds of recordings that can be replayed. */
public enum TraceFormat {
  /** An strace log, see {@link StraceReader}. */
  STRACE,
  /**
   * The loads and stores of a program as Valgrind's lackey prints them, see {@link LackeyReader}.
   */
  LACKEY;

  /**
   * The format of the first line that has one. Reads no further than that line, whatever came
   * before it: leading rubbish does not hide a usable trace.
   *
   * @throws UnusableTrace if the file cannot be read or no line has a known format
   */
  public static TraceFormat detect(Path file) throws IOException, UnusableTrace {
    int maxLineBytes = TraceLimits.DEFAULT.maxLineBytes();
    boolean damaged = false;
    try (LineSource lines = LineSource.open(file, maxLineBytes)) {
      while (true) {
        LineSource.Step step = lines.advance();
        if (step == LineSource.Step.END) {
          throw UnusableTrace.nothingUsable(
              file, lines, damaged, "no line is an strace call or a lackey access");
        }
        damaged |= step == LineSource.Step.DAMAGED;
        if (step != LineSource.Step.LINE || lines.lineHasNul()) {
          continue;
        }
        if (LackeyReader.isAccessOrBanner(lines.bytes(), lines.start(), lines.end())) {
          return LACKEY;
        }
        if (isStrace(lines)) {
          return STRACE;
        }
      }
    }
  }

  private static boolean isStrace(LineSource lines) {
    int length = lines.end() - lines.start();
    String text = new String(lines.bytes(), lines.start(), length, StandardCharsets.ISO_8859_1);
    return switch (StraceLine.parse(text)) {
      case StraceLine.Noise(), StraceLine.Malformed(var _) -> false;
      case StraceLine.Call(var _, var name, var call) -> isComplete(name, call);
      case StraceLine.Unfinished _,
          StraceLine.Resumed _,
          StraceLine.Exited _,
          StraceLine.Superseded _ ->
          true;
    };
  }

  private static boolean isComplete(String name, String call) {
    try {
      return !StraceCall.parse(name, call).result().isEmpty();
    } catch (MalformedCall e) {
      return false;
    }
  }
}
