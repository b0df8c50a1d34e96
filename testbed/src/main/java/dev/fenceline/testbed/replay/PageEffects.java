package dev.fenceline.testbed.replay;

import dev.fenceline.testbed.check.History;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * What a step of the replay does to the watched pages: their rights over time, the values that
 * their words are reset to, and on which of them programs may run. Confined to the replaying
 * thread.
 */
final class PageEffects {
  static final int ACTOR = 2000;

  private static final int REGISTER_PAGES = 3;
  private static final int SCRATCH_PAGES = 4;
  private static final int MAX_WINDOWS_PER_SPACE = 400;
  private static final long PAGE = PageRange.PAGE_BYTES;

  private final SpaceBook book;
  private final History history;
  private final SplittableRandom random;

  PageEffects(SpaceBook book, History history, SplittableRandom random) {
    this.book = book;
    this.history = history;
    this.random = random;
  }

  /** When a step was called and answered. */
  record Span(long invokedNanos, long respondedNanos) {}

  /**
   * Fresh memory: all zeros. Pages that were watched before stay watched, since a program that
   * began in the old days may still be at them.
   */
  void mapped(LiveSpace space, PageRange range, int protection, boolean shared, Span span) {
    gone(space, range, span);
    for (Map.Entry<Long, RightsTimeline> known :
        space.timelines().subMap(range.start(), range.end()).entrySet()) {
      known.getValue().change(span.invokedNanos(), span.respondedNanos(), protection);
      reset(space, CheckedWindow.words(known.getKey()), span);
    }
    if (shared) {
      space.shared().add(range);
    } else if (Protections.readWrite(protection)) {
      openWindow(space, range, span);
    }
  }

  /** A page without watched words of which the rights are to be known. */
  void watched(LiveSpace space, long page, Span span) {
    timeline(space, page)
        .change(span.invokedNanos(), span.respondedNanos(), Protections.READ_WRITE);
  }

  private void openWindow(LiveSpace space, PageRange range, Span span) {
    if (space.windows().size() >= MAX_WINDOWS_PER_SPACE
        || space.shared().stream().anyMatch(each -> each.overlaps(range.start(), range.end()))) {
      return;
    }
    long pages = range.pages();
    long registerPages = Math.min(pages, 1 + random.nextInt(REGISTER_PAGES));
    long scratchPages = Math.min(pages - registerPages, SCRATCH_PAGES) & ~1L;
    long slack = pages - registerPages - scratchPages;
    long first = range.start() + PAGE * (slack == 0 ? 0 : random.nextLong(slack + 1));
    long middle = first + registerPages * PAGE;
    long end = middle + scratchPages * PAGE;
    open(
        new CheckedWindow(space, PageRange.between(first, middle), PageRange.between(middle, end)),
        span);
  }

  private void open(CheckedWindow window, Span span) {
    LiveSpace space = window.space();
    for (long page : window.pages()) {
      timeline(space, page)
          .change(span.invokedNanos(), span.respondedNanos(), Protections.READ_WRITE);
      if (window.registers().overlaps(page, page + PAGE)) {
        long[] words = CheckedWindow.words(page);
        space.registers().put(page, words);
        reset(space, words, span);
      } else {
        space.scratchPages().add(page);
      }
    }
    space.windows().add(window);
    book.add(window);
  }

  private static RightsTimeline timeline(LiveSpace space, long page) {
    return space.timelines().computeIfAbsent(page, key -> new RightsTimeline());
  }

  private void reset(LiveSpace space, long[] words, Span span) {
    for (long word : words) {
      history.reset(
          History.word(space.key(), word), 0, span.invokedNanos(), span.respondedNanos(), ACTOR);
    }
  }

  /** Memory that is no longer mapped. */
  void gone(LiveSpace space, PageRange range, Span span) {
    for (CheckedWindow window : space.windows()) {
      if (window.whole().overlaps(range.start(), range.end())) {
        close(window);
      }
    }
    for (RightsTimeline timeline : space.timelines().subMap(range.start(), range.end()).values()) {
      timeline.change(span.invokedNanos(), span.respondedNanos(), RightsTimeline.NOTHING);
    }
    space.shared().removeIf(each -> range.start() <= each.start() && each.end() <= range.end());
    var words = space.registers().subMap(range.start(), range.end());
    for (long[] ofPage : words.values()) {
      for (long word : ofPage) {
        history.unmap(
            History.word(space.key(), word), span.invokedNanos(), span.respondedNanos(), ACTOR);
      }
    }
    words.clear();
  }

  private void close(CheckedWindow window) {
    window.setUsable(false);
    window.space().windows().remove(window);
    book.remove(window);
  }

  /** Memory with another protection; its bytes stay. */
  void protectedAs(LiveSpace space, PageRange range, int protection, Span span) {
    boolean watched = false;
    for (RightsTimeline timeline : space.timelines().subMap(range.start(), range.end()).values()) {
      watched = true;
      timeline.change(span.invokedNanos(), span.respondedNanos(), protection);
    }
    if (!watched && Protections.readWrite(protection)) {
      openWindow(space, range, span);
      return;
    }
    for (CheckedWindow window : space.windows()) {
      if (window.whole().overlaps(range.start(), range.end())) {
        window.setUsable(window.pages().stream().allMatch(space::readWrite));
      }
    }
  }

  /** Pages whose bytes are zeros again. */
  void discarded(LiveSpace space, PageRange range, Span span) {
    for (RightsTimeline timeline : space.timelines().subMap(range.start(), range.end()).values()) {
      timeline.change(span.invokedNanos(), span.respondedNanos(), timeline.current());
    }
    for (long[] words : space.registers().subMap(range.start(), range.end()).values()) {
      reset(space, words, span);
    }
  }

  /** The space is about to end: nobody may begin anything on it. */
  void closeAll(LiveSpace space) {
    for (CheckedWindow window : space.windows()) {
      close(window);
    }
  }

  /** The windows that lose something when a range is taken away. */
  static List<CheckedWindow> windowsIn(LiveSpace space, PageRange range) {
    List<CheckedWindow> found = new ArrayList<>();
    for (CheckedWindow window : space.windows()) {
      if (window.whole().overlaps(range.start(), range.end())) {
        found.add(window);
      }
    }
    return found;
  }

  /**
   * A page that a fork or a move brought to a new place, with the words that were read there.
   *
   * <p>Each value is at once a read of the original at some instant of the copy, and what the copy
   * begins with: so copies are judged as exactly as reads.
   */
  void copied(LiveSpace from, long fromPage, LiveSpace to, long toPage, CopiedPage copy) {
    Span span = copy.span();
    int protection = timeline(from, fromPage).current();
    timeline(to, toPage).change(span.invokedNanos(), span.respondedNanos(), protection);
    long[] source = CheckedWindow.words(fromPage);
    long[] target = CheckedWindow.words(toPage);
    for (int i = 0; i < source.length; i++) {
      long value = copy.values()[i];
      history.read(
          History.word(from.key(), source[i]),
          value,
          span.invokedNanos(),
          span.respondedNanos(),
          ACTOR);
      history.reset(
          History.word(to.key(), target[i]),
          value,
          span.invokedNanos(),
          span.respondedNanos(),
          ACTOR);
    }
    to.registers().put(toPage, target);
  }

  /**
   * What was read from a copied page.
   *
   * @param values the watched words, in order
   * @param span of the copying call
   */
  record CopiedPage(long[] values, Span span) {}

  /** A window on pages that {@link #copied} has brought; it has no scratch pages. */
  void openCopied(LiveSpace space, PageRange registers) {
    CheckedWindow window =
        new CheckedWindow(space, registers, PageRange.between(registers.end(), registers.end()));
    space.windows().add(window);
    book.add(window);
  }
}
