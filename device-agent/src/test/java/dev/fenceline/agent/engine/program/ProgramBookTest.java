package dev.fenceline.agent.engine.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.agent.engine.program.ProgramEntry.State;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgramBookTest {
  private static final ProgramEntry.Order ORDER = new ProgramEntry.Order(0, "h", 5, "fill", 3);

  private final ProgramBook<String, byte[]> book =
      new ProgramBook<>(result -> result.length, result -> new byte[0]);

  @Test
  void program_goesThroughItsStates() {
    ProgramEntry<String, byte[]> entry = book.add(ORDER, "w", 10);
    assertThat(entry.number()).isOne();
    assertThat(book.start(entry, 11)).isTrue();
    assertThat(book.end(entry, State.DONE, new byte[] {1}, 12)).isTrue();
    assertThat(book.end(entry, State.FAILED, new byte[0], 13)).isFalse();
    assertThat(entry.state()).isEqualTo(State.DONE);
    assertThat(List.of(entry.submittedMillis(), entry.startedMillis(), entry.endedMillis()))
        .containsExactly(10L, 11L, 12L);
  }

  @Test
  void cancelledInTheQueue_isNotStarted_andDoneWithoutAStartIsIllegal() {
    ProgramEntry<String, byte[]> entry = book.add(ORDER, "w", 10);
    book.end(entry, State.CANCELLED, new byte[0], 11);
    assertThat(book.start(entry, 12)).isFalse();
    ProgramEntry<String, byte[]> other = book.add(ORDER, "w", 13);
    assertThatThrownBy(() -> book.end(other, State.DONE, new byte[0], 14))
        .hasMessageContaining("program 2 from QUEUED to DONE");
  }

  @Test
  void history_isBounded_andThePendingAreNotForgotten() {
    ProgramEntry<String, byte[]> waiting = book.add(ORDER, "w", 0);
    for (int i = 0; i < ProgramBook.MAX_ENDED + 10; i++) {
      book.end(book.add(ORDER, "w", i), State.CANCELLED, new byte[0], i);
    }
    assertThat(book.find(waiting.number())).isSameAs(waiting);
    assertThat(book.find(11)).isNull();
    assertThat(book.find(12)).isNotNull();
    assertThat(book.list(0, entry -> true, 5000)).hasSize(ProgramBook.MAX_ENDED + 1);
    assertThat(book.list(15, entry -> true, 2))
        .extracting(ProgramEntry::number)
        .containsExactly(14L, 13L);
  }

  @Test
  void bytesOfResults_areBounded_theOldestLoseTheirs() {
    int each = (int) (ProgramBook.MAX_RESULT_BYTES / 8);
    for (int i = 0; i < 10; i++) {
      book.end(book.add(ORDER, "w", i), State.CANCELLED, new byte[each], i);
    }
    assertThat(book.list(0, entry -> entry.result().length > 0, 100))
        .extracting(ProgramEntry::number)
        .containsExactly(10L, 9L, 8L, 7L, 6L, 5L, 4L, 3L);
  }

  @Test
  void withdrawn_isNotListed() {
    book.withdraw(book.add(ORDER, "w", 0));
    assertThat(book.list(0, entry -> true, 10)).isEmpty();
    assertThat(book.add(ORDER, "w", 0).number()).isEqualTo(2);
  }
}
