package dev.fenceline.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HumanTimeTest {
  @Test
  void duration_isInTheUnitThatPeopleWouldChoose() {
    assertThat(HumanTime.of(-5)).isEqualTo("0 ms");
    assertThat(HumanTime.of(250_999)).isEqualTo("250 µs");
    assertThat(HumanTime.of(1_500_000)).isEqualTo("1.5 ms");
    assertThat(HumanTime.of(999_900_000)).isEqualTo("999 ms");
    assertThat(HumanTime.of(2_340_000_000L)).isEqualTo("2.3 s");
    assertThat(HumanTime.of(61_000_000_000L)).isEqualTo("1 min 1 s");
    assertThat(HumanTime.of(7_260_000_000_000L)).isEqualTo("2 h 1 min");
  }
}
