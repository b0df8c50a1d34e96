package dev.fenceline.coordinator.engine.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class EventLogTest {
  private final EventLog log = new EventLog(4);

  @Test
  void emptyLog_hasNothingAndLosesNothing() {
    EventLog.Batch batch = log.after(0, each -> true, 10);
    assertThat(batch.events()).isEmpty();
    assertThat(batch.lostTo()).isZero();
    assertThat(log.oldestNumber()).isZero();
  }

  @Test
  void readerInTime_getsEachOnceInOrder() {
    append(3);
    EventLog.Batch first = log.after(0, each -> true, 2);
    EventLog.Batch second = log.after(first.position(), each -> true, 2);
    assertThat(numbers(first.events())).containsExactly(1L, 2L);
    assertThat(numbers(second.events())).containsExactly(3L);
    assertThat(log.after(second.position(), each -> true, 2).events()).isEmpty();
  }

  @Test
  void readerTooLate_isToldWhatIsLost() {
    append(10);
    EventLog.Batch batch = log.after(2, each -> true, 10);
    assertThat(batch.lostFrom()).isEqualTo(3);
    assertThat(batch.lostTo()).isEqualTo(6);
    assertThat(numbers(batch.events())).containsExactly(7L, 8L, 9L, 10L);
    assertThat(log.oldestNumber()).isEqualTo(7);
  }

  @Test
  void readerWithAFilter_movesPastWhatItDoesNotWant() {
    append(4);
    EventLog.Batch batch = log.after(0, each -> each.number() % 2 == 0, 1);
    assertThat(numbers(batch.events())).containsExactly(2L);
    assertThat(batch.position()).isEqualTo(2);
    assertThat(log.after(2, each -> false, 1).position()).isEqualTo(4);
  }

  @Test
  void numberOfTheFuture_readsNothing() {
    append(2);
    assertThat(log.after(99, each -> true, 10).events()).isEmpty();
    assertThat(log.after(99, each -> true, 10).position()).isEqualTo(2);
  }

  @Test
  void newest_areTheLastOnesOldestFirst() {
    append(10);
    assertThat(numbers(log.newest(each -> true, 2))).containsExactly(9L, 10L);
    assertThat(log.newest(each -> true, 100)).hasSize(4);
  }

  private void append(int count) {
    for (int i = 0; i < count; i++) {
      log.append(EventDraft.ofCoordinator(i, EventKind.OTHER, "event " + i));
    }
  }

  private static List<Long> numbers(List<Event> events) {
    return events.stream().map(Event::number).toList();
  }
}
