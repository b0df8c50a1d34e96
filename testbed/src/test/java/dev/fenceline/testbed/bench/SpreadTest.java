package dev.fenceline.testbed.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class SpreadTest {
  @Test
  void oddNumberOfRounds_medianIsTheMiddleOne() {
    assertThat(Spread.of(9, 1, 5)).isEqualTo(new Spread(5, 1, 9, 3));
  }

  @Test
  void evenNumberOfRounds_medianIsTheMeanOfTheTwoInTheMiddle() {
    assertThat(Spread.of(4, 1, 2, 9).median()).isEqualTo(3);
  }

  @Test
  void noRound_isAnError() {
    assertThatThrownBy(Spread::of).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void roundsGiven_stayInTheirOrder() {
    double[] rounds = {3, 1, 2};

    Spread.of(rounds);

    assertThat(rounds).containsExactly(3, 1, 2);
  }
}
