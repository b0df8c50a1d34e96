package dev.fenceline.coordinator.engine.wait;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fenceline.coordinator.engine.query.WaitTimes;
import java.util.List;
import org.junit.jupiter.api.Test;

class WaitHistoryTest {
  private static final List<Long> BOUNDS = List.of(1_000L, 2_000L);

  private final WaitHistory history = new WaitHistory();

  @Test
  void firstSample_isABaselineOnly() {
    history.sample("h", 1, 10, times(100, 0, 0));
    assertThat(window(10, 5).total().completed()).isZero();
  }

  @Test
  void growth_fallsIntoTheSecondOfTheSample() {
    history.sample("h", 1, 10, times(100, 0, 0));
    history.sample("h", 1, 11, times(103, 2, 0));
    WaitHistory.Window window = window(11, 3);
    assertThat(window.seconds()).extracting(WaitSecond::second).containsExactly(9L, 10L, 11L);
    assertThat(window.seconds().getLast().counts().get(Phase.WAIT)).containsExactly(3L, 2L, 0L);
    assertThat(window.seconds().getFirst().counts().get(Phase.WAIT)).containsExactly(0L, 0L, 0L);
    assertThat(window.total().completed()).isEqualTo(5);
  }

  @Test
  void hostThatStartedAnew_countsFromZero() {
    history.sample("h", 1, 10, times(100, 0, 0));
    history.sample("h", 2, 11, times(7, 0, 0));
    assertThat(window(11, 1).total().completed()).isEqualTo(7);
    history.sample("h", 2, 12, times(3, 0, 0));
    assertThat(window(12, 1).total().completed()).isEqualTo(3);
  }

  @Test
  void secondsOutOfTheRing_areForgotten() {
    history.sample("h", 1, 0, times(0, 0, 0));
    history.sample("h", 1, 1, times(5, 0, 0));
    history.sample("h", 1, 2 + WaitHistory.SECONDS, times(6, 0, 0));
    assertThat(window(2 + WaitHistory.SECONDS, WaitHistory.SECONDS).total().completed())
        .isEqualTo(1);
  }

  @Test
  void twoHosts_areAddedUpOrAskedAlone() {
    for (String host : List.of("a", "b")) {
      history.sample(host, 1, 1, times(0, 0, 0));
      history.sample(host, 1, 2, times(4, 0, 0));
    }
    assertThat(window(2, 2).total().completed()).isEqualTo(8);
    assertThat(history.window(2, 2, 1, "a"::equals).total().completed()).isEqualTo(4);
    history.retain("b"::equals);
    assertThat(history.hostIds()).containsExactly("b");
  }

  @Test
  void percentiles_areInterpolatedAndBounded() {
    history.sample("h", 1, 1, times(0, 0, 0));
    history.sample("h", 1, 2, times(50, 50, 0));
    WaitHistory.Window window = window(2, 2);
    assertThat(window.percentileNanos(Phase.WAIT, 0.25)).isCloseTo(500, within(1.0));
    assertThat(window.percentileNanos(Phase.WAIT, 0.75)).isCloseTo(1_500, within(1.0));
    history.sample("h", 1, 3, times(50, 50, 900));
    assertThat(window(3, 3).percentileNanos(Phase.WAIT, 0.99)).isEqualTo(2_000);
    assertThat(window(99, 1).percentileNanos(Phase.WAIT, 0.99)).isZero();
  }

  @Test
  void steps_putSecondsTogether() {
    history.sample("h", 1, 1, times(0, 0, 0));
    for (int second = 2; second <= 5; second++) {
      history.sample("h", 1, second, times(second, 0, 0));
    }
    WaitHistory.Window window = history.window(5, 4, 2, each -> true);
    assertThat(window.seconds()).extracting(WaitSecond::second).containsExactly(2L, 4L);
    assertThat(window.seconds()).extracting(WaitSecond::completed).containsExactly(3L, 2L);
  }

  private WaitHistory.Window window(long last, int count) {
    return history.window(last, count, 1, each -> true);
  }

  private static WaitTimes times(long fast, long slow, long slowest) {
    List<Long> waits = List.of(fast, slow, slowest);
    return new WaitTimes(BOUNDS, waits, waits, waits, fast + slow + slowest, 0);
  }
}
