package dev.fenceline.host.adapter.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WallClockTest {
  private static final long MS = 1_000_000;

  private final WallClock clock = new WallClock();

  @Test
  void timeOfAnEvent_staysTheSameWhileTheClocksAgree() {
    long asked = clock.millisAt(5 * MS, 1_000_010, 10 * MS);
    long askedAgain = clock.millisAt(5 * MS, 1_000_022, 20 * MS + MS / 3); // read 2 ms apart

    assertThat(asked).isEqualTo(1_000_005);
    assertThat(askedAgain).isEqualTo(asked);
  }

  @Test
  void clockThatWasSet_counts() {
    clock.millisAt(5 * MS, 1_000_010, 10 * MS);

    assertThat(clock.millisAt(5 * MS, 9_000_020, 20 * MS)).isEqualTo(9_000_005);
  }
}
