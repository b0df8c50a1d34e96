package dev.fenceline.testbed.trace;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The lines that a reader skipped: all are counted and passed on, the first few are kept.
 *
 * <p>Confined to the thread that reads the trace.
 */
final class SkippedLines {

  private final int keepCount;
  private final Consumer<? super SkippedLine> listener;
  private final List<SkippedLine> first = new ArrayList<>();
  private long count;

  SkippedLines(int keepCount, Consumer<? super SkippedLine> listener) {
    this.keepCount = keepCount;
    this.listener = listener;
  }

  void add(SkippedLine line) {
    count++;
    if (first.size() < keepCount) {
      first.add(line);
    }
    listener.accept(line);
  }

  long count() {
    return count;
  }

  List<SkippedLine> first() {
    return List.copyOf(first);
  }
}
