package dev.fenceline.testbed.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Objects;
import org.junit.jupiter.api.Test;

class PercentilesTest {

  private final Percentiles percentiles = new Percentiles();

  @Test
  void nothingRecorded_isNoLatency() {
    assertThat(percentiles.latency()).isNull();
  }

  @Test
  void uniformDurations_haveTheirPercentiles() {
    for (int micros = 1; micros <= 10_000; micros++) {
      percentiles.record(micros * 1_000L);
    }
    Latency latency = Objects.requireNonNull(percentiles.latency());
    assertThat(latency.count()).isEqualTo(10_000);
    assertThat(latency.p50Micros()).isCloseTo(5_000, within(10.0));
    assertThat(latency.p99Micros()).isCloseTo(9_900, within(20.0));
    assertThat(latency.maxMicros()).isEqualTo(10_000);
  }

  @Test
  void extremes_areBounded() {
    percentiles.record(-5);
    percentiles.record(Long.MAX_VALUE);
    Latency latency = Objects.requireNonNull(percentiles.latency());
    assertThat(latency.p50Micros()).isZero();
    assertThat(latency.maxMicros()).isEqualTo(3_600_000_000.0);
  }

  @Test
  void merged_countsBoth() {
    Percentiles other = new Percentiles();
    other.record(7_000);
    percentiles.record(3_000);
    percentiles.merge(other);
    Latency latency = Objects.requireNonNull(percentiles.latency());
    assertThat(latency.count()).isEqualTo(2);
    assertThat(latency.maxMicros()).isEqualTo(7);
  }
}
