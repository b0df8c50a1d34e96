package dev.fenceline.agent.engine.standing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.agent.engine.standing.DeviceStanding.State;
import dev.fenceline.agent.engine.standing.DeviceStanding.Step;
import org.junit.jupiter.api.Test;

class DeviceStandingTest {
  private final DeviceStanding standing = new DeviceStanding();

  @Test
  void drain_waitsForPrograms_preemptsOnce_closesOnce() {
    assertThat(standing.step(0, 3)).isEqualTo(Step.NOTHING);
    assertThat(standing.drain("upgrade", 100)).isTrue();
    assertThat(standing.drain("again", 1)).isFalse();
    assertThat(standing.takesWork()).isFalse();
    assertThat(standing.reason()).isEqualTo("upgrade");
    assertThat(standing.step(99, 2)).isEqualTo(Step.NOTHING);
    assertThat(standing.step(100, 2)).isEqualTo(Step.PREEMPT);
    assertThat(standing.step(101, 1)).isEqualTo(Step.NOTHING);
    assertThat(standing.step(102, 0)).isEqualTo(Step.CLOSE_MIRRORS);
    assertThat(standing.step(103, 0)).isEqualTo(Step.NOTHING);
    assertThat(standing.state()).isEqualTo(State.DRAINING);
    standing.closed(standing.drainNumber());
    assertThat(standing.state()).isEqualTo(State.DRAINED);
  }

  @Test
  void drainGivenUp_itsLateEndChangesNothing() {
    standing.drain("a", 100);
    standing.step(1, 0);
    long first = standing.drainNumber();
    assertThat(standing.giveBack()).isTrue();
    assertThat(standing.giveBack()).isFalse();
    assertThat(standing.reason()).isEmpty();
    standing.closed(first);
    assertThat(standing.state()).isEqualTo(State.ACTIVE);
    standing.drain("b", 100);
    standing.closed(first);
    assertThat(standing.state()).isEqualTo(State.DRAINING);
    assertThat(standing.step(2, 0)).isEqualTo(Step.CLOSE_MIRRORS);
    standing.closed(first);
    assertThat(standing.state()).isEqualTo(State.DRAINING);
    standing.closed(standing.drainNumber());
    assertThat(standing.state()).isEqualTo(State.DRAINED);
  }
}
