package dev.fenceline.host.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.runtime.HostEvent.Kind;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class EventLogTest {
  private final EventLog log = new EventLog();

  @Test
  void emptyLog_hasNothingAndHasLostNothing() {
    assertThat(log.after(0, 10)).isEqualTo(new EventLog.Batch(java.util.List.of(), 0));
  }

  @Test
  void readerInTime_getsEachEventOnce() {
    record(10);
    EventLog.Batch first = log.after(0, 4);
    assertThat(first.events()).extracting(HostEvent::number).containsExactly(1L, 2L, 3L, 4L);
    assertThat(first.lost()).isZero();
    assertThat(first.newestNumber()).isEqualTo(10);
    assertThat(log.after(4, 100).events()).hasSize(6);
    assertThat(log.after(10, 100).events()).isEmpty();
  }

  @Test
  void readerBehindTheRing_losesTheOldest_andIsToldHowMany() {
    record(EventLog.CAPACITY + 100);
    EventLog.Batch batch = log.after(40, 3);
    assertThat(batch.lost()).isEqualTo(60);
    assertThat(batch.events()).extracting(HostEvent::number).containsExactly(101L, 102L, 103L);
    assertThat(log.after(100, 1).lost()).isZero();
    assertThat(log.after(99, 1).lost()).isOne();
  }

  @Test
  void pitfall40_whatIsLost_isCountedByKind() {
    log.record(Kind.SPACE_CREATED, "event");
    log.record(Kind.PIN_OVER_AGE, "event");
    record(EventLog.CAPACITY + 5);
    EventLog.Batch batch = log.after(0, 1);
    assertThat(batch.lost()).isEqualTo(7);
    assertThat(batch.lostByKind())
        .containsExactly(
            java.util.Map.entry(Kind.SPACE_CREATED, 1L),
            java.util.Map.entry(Kind.FRAMES_EXHAUSTED, 5L),
            java.util.Map.entry(Kind.PIN_OVER_AGE, 1L));
    assertThat(log.after(2, 1).lostByKind())
        .containsExactly(java.util.Map.entry(Kind.FRAMES_EXHAUSTED, 5L));
    assertThat(log.after(batch.newestNumber() - 1, 1).lostByKind()).isEmpty();

    record(EventLog.KINDS_CAPACITY);
    assertThat(log.after(0, 1).lostByKind())
        .containsExactly(
            java.util.Map.entry(
                Kind.FRAMES_EXHAUSTED, (long) EventLog.KINDS_CAPACITY - EventLog.CAPACITY));
  }

  @Test
  void watcher_isCalledAfterEachEvent_untilItGoes() {
    AtomicInteger calls = new AtomicInteger();
    Runnable watcher = calls::incrementAndGet;
    log.watch(watcher);
    record(3);
    log.close();
    assertThat(calls).hasValue(4);
    log.unwatch(watcher);
    record(1);
    assertThat(calls).hasValue(4);
  }

  private void record(int events) {
    for (int i = 0; i < events; i++) {
      log.record(Kind.FRAMES_EXHAUSTED, "event");
    }
  }
}
