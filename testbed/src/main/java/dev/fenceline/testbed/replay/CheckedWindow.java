package dev.fenceline.testbed.replay;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A piece of a mapping on which programs run: pages with watched words, and behind them scratch
 * pages that one program at a time has for itself. Thread-safe.
 */
final class CheckedWindow {
  /**
   * Every so many words one is watched, so that words of several cache lines and pages take part.
   */
  static final int STRIDE_WORDS = 128;

  private static final long PAGE = PageRange.PAGE_BYTES;

  private final LiveSpace space;
  private final PageRange registers;
  private final PageRange scratch;
  private final AtomicInteger touches = new AtomicInteger();
  private final AtomicBoolean scratchTaken = new AtomicBoolean();
  private volatile boolean usable = true;

  CheckedWindow(LiveSpace space, PageRange registers, PageRange scratch) {
    this.space = space;
    this.registers = registers;
    this.scratch = scratch;
  }

  LiveSpace space() {
    return space;
  }

  /** The pages with watched words. */
  PageRange registers() {
    return registers;
  }

  /** Pages for programs that need them all for themselves; may be empty. */
  PageRange scratch() {
    return scratch;
  }

  /** Both, for whoever asks what a change of the mappings touches. */
  PageRange whole() {
    return PageRange.between(registers.start(), Math.max(registers.end(), scratch.end()));
  }

  /** The watched words of one page. */
  static long[] words(long page) {
    long[] words = new long[(int) (PAGE / Long.BYTES) / STRIDE_WORDS];
    for (int i = 0; i < words.length; i++) {
      words[i] = page + (long) i * STRIDE_WORDS * Long.BYTES;
    }
    return words;
  }

  /** How many watched words it has. */
  int wordCount() {
    return (int) (registers.pages() * words(0).length);
  }

  long word(int index) {
    return registers.start() + (long) index * STRIDE_WORDS * Long.BYTES;
  }

  /** The addresses of all its pages. */
  List<Long> pages() {
    List<Long> pages = new ArrayList<>();
    PageRange whole = whole();
    for (long page = whole.start(); page < whole.end(); page += PAGE) {
      pages.add(page);
    }
    return pages;
  }

  /** Whether all its pages can be read and written as far as the replaying thread knows. */
  boolean usable() {
    return usable;
  }

  void setUsable(boolean usable) {
    this.usable = usable;
  }

  /** A device has been here, so that an invalidation finds something to invalidate. */
  void touched() {
    touches.incrementAndGet();
  }

  boolean wasTouched() {
    return touches.get() > 0;
  }

  boolean takeScratch() {
    return scratch.pages() > 0 && scratchTaken.compareAndSet(false, true);
  }

  void releaseScratch() {
    scratchTaken.set(false);
  }
}
