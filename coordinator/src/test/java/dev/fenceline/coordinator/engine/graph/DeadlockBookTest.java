package dev.fenceline.coordinator.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.coordinator.engine.graph.DeadlockBook.Deadlock;
import dev.fenceline.coordinator.engine.graph.DeadlockBook.Look;
import dev.fenceline.coordinator.engine.graph.DeadlockBook.State;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeadlockBookTest {
  private static final WaitGraph NOBODY = new WaitGraph(List.of(), List.of(), List.of());
  private static final WaitGraph CIRCLE =
      new WaitGraph(
          List.of(),
          List.of(),
          List.of(new WaitGraph.Cycle(List.of("a", "b"), 5, "why", new Remedy.BackOff("h", 42))));

  private final DeadlockBook book = new DeadlockBook();

  @Test
  void circleSeenOnce_isNone() {
    assertThat(book.look(1, CIRCLE, true).toBreak()).isEmpty();
    assertThat(book.look(2, NOBODY, true).found()).isEmpty();
    assertThat(book.look(3, CIRCLE, true).found()).isEmpty();
    assertThat(book.deadlocks()).isEmpty();
  }

  @Test
  void circleSeenTwice_isFoundOnceAndBrokenUntilItIsGone() {
    book.look(1, CIRCLE, true);
    Look second = book.look(2, CIRCLE, true);
    assertThat(second.found()).extracting(Deadlock::number).containsExactly(1L);
    assertThat(second.toBreak()).extracting(Deadlock::remedy).containsExactly(remedy());
    Look third = book.look(3, CIRCLE, true);
    assertThat(third.found()).isEmpty();
    assertThat(third.toBreak()).extracting(Deadlock::attempts).containsExactly(2);
    assertThat(book.look(4, NOBODY, true).ended())
        .extracting(Deadlock::state)
        .containsExactly(State.BROKEN);
    assertThat(book.deadlocks()).extracting(Deadlock::lastSeenMillis).containsExactly(3L);
  }

  @Test
  void breakerOff_circleIsFoundAndLeftAlone() {
    book.look(1, CIRCLE, false);
    Look second = book.look(2, CIRCLE, false);
    assertThat(second.found()).hasSize(1);
    assertThat(second.toBreak()).isEmpty();
    assertThat(book.look(3, NOBODY, false).ended())
        .extracting(Deadlock::state)
        .containsExactly(State.GONE);
  }

  @Test
  void manyDeadlocks_onlyTheLastAreRemembered() {
    for (int i = 0; i < 3 * DeadlockBook.MAX_REMEMBERED; i++) {
      book.look(3L * i, CIRCLE, true);
      book.look(3L * i + 1, CIRCLE, true);
      book.look(3L * i + 2, NOBODY, true);
    }
    assertThat(book.deadlocks()).hasSize(DeadlockBook.MAX_REMEMBERED);
    assertThat(book.deadlocks().getFirst().number()).isEqualTo(3L * DeadlockBook.MAX_REMEMBERED);
  }

  private static Remedy remedy() {
    return new Remedy.BackOff("h", 42);
  }
}
