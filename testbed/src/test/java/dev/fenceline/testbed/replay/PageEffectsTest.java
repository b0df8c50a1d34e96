package dev.fenceline.testbed.replay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.testbed.check.History;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What the judge makes of accesses around changes of the mappings. */
class PageEffectsTest {
  private static final long BASE = 0x7000_0000;
  private static final int ACTOR = 1;
  private static final PageRange PAGE = PageRange.between(BASE, BASE + 4096);

  private final SpaceBook book = new SpaceBook();
  private final History changes = new History();
  private final History accesses = new History();
  private final PageEffects effects = new PageEffects(book, changes, new SplittableRandom(1));
  private final LiveSpace space = book.addSpace(1, true);
  private final long word = History.word(space.key(), BASE);

  private static PageEffects.Span at(long invoked, long responded) {
    return new PageEffects.Span(invoked, responded);
  }

  private List<String> judged() {
    Findings findings = new Findings();
    Judge.judge(List.of(changes, accesses), book.spaces(), findings, new Suspicions());
    return findings.texts();
  }

  private void mapPage(long invoked, long responded) {
    effects.mapped(space, PAGE, Protections.READ_WRITE, false, at(invoked, responded));
  }

  @Test
  void freshPage_readsZeroThenWhatWasWritten() {
    mapPage(10, 20);
    accesses.read(word, 0, 21, 22, ACTOR);
    accesses.write(word, 5, 30, 35, ACTOR);
    accesses.read(word, 5, 36, 40, ACTOR);
    assertThat(judged()).isEmpty();
  }

  @Test
  void valueOfAnEarlierLifetime_isAViolation() {
    mapPage(10, 20);
    accesses.write(word, 5, 30, 35, ACTOR);
    effects.gone(space, PAGE, at(50, 60));
    mapPage(70, 80);
    accesses.read(word, 5, 90, 95, ACTOR);
    assertThat(judged()).isNotEmpty();
  }

  @Test
  void writeAfterTheUnmap_isAViolationOfRights() {
    mapPage(10, 20);
    effects.gone(space, PAGE, at(50, 60));
    accesses.write(word, 5, 61, 65, ACTOR);
    assertThat(judged()).singleElement().asString().contains("INV-1");
  }

  @Test
  void oldProgramOnAPageThatIsMappedAgain_isJudgedByTheNewMapping() {
    PageRange large = PageRange.between(BASE, BASE + 64 * 4096);
    mapPage(10, 20);
    effects.gone(space, PAGE, at(50, 60));
    effects.mapped(space, large, Protections.READ_WRITE, false, at(70, 80));
    accesses.read(word, 0, 81, 82, ACTOR);
    accesses.write(word, 5, 83, 85, ACTOR);
    assertThat(judged()).isEmpty();
  }

  @Test
  void discardedPage_readsZeroAgain() {
    mapPage(10, 20);
    accesses.write(word, 5, 30, 35, ACTOR);
    effects.discarded(space, PAGE, at(50, 60));
    accesses.read(word, 0, 61, 65, ACTOR);
    assertThat(judged()).isEmpty();
    accesses.read(word, 5, 70, 75, ACTOR);
    assertThat(judged()).isNotEmpty();
  }

  @Test
  void windowOnAReadOnlyPage_isNotUsedUntilItIsWritableAgain() {
    mapPage(10, 20);
    CheckedWindow window = space.windows().getFirst();
    effects.protectedAs(space, PAGE, 1, at(30, 40));
    assertThat(window.usable()).isFalse();
    effects.protectedAs(space, PAGE, Protections.READ_WRITE, at(50, 60));
    assertThat(window.usable()).isTrue();
    accesses.write(word, 5, 41, 45, ACTOR);
    assertThat(judged()).singleElement().asString().contains("INV-1");
  }

  @Test
  void copyOfAPage_mustHoldWhatTheOriginalHeldMeanwhile() {
    mapPage(10, 20);
    LiveSpace child = book.addSpace(2, false);
    accesses.write(word, 5, 30, 35, ACTOR);
    long[] values = new long[CheckedWindow.words(BASE).length];
    values[0] = 5;
    effects.copied(space, BASE, child, BASE, new PageEffects.CopiedPage(values, at(40, 50)));
    accesses.read(History.word(child.key(), BASE), 5, 60, 65, ACTOR);
    assertThat(judged()).isEmpty();
  }

  @Test
  void copyThatMissesAnEarlierWrite_isAViolation() {
    mapPage(10, 20);
    LiveSpace child = book.addSpace(2, false);
    accesses.write(word, 5, 30, 35, ACTOR);
    long[] stale = new long[CheckedWindow.words(BASE).length];
    effects.copied(space, BASE, child, BASE, new PageEffects.CopiedPage(stale, at(40, 50)));
    assertThat(judged()).isNotEmpty();
  }
}
