package dev.fenceline.host.adapter.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Times as people say them. */
class FenceDiagnosisTest {
  @Test
  void time_isInTheUnitThatFits() {
    assertThat(FenceDiagnosis.words(-5)).isEqualTo("0.0 ms");
    assertThat(FenceDiagnosis.words(1_500_000)).isEqualTo("1.5 ms");
    assertThat(FenceDiagnosis.words(999_000_000)).isEqualTo("999.0 ms");
    assertThat(FenceDiagnosis.words(2_340_000_000L)).isEqualTo("2.3 s");
    assertThat(FenceDiagnosis.words(61_000_000_000L)).isEqualTo("1 min 1 s");
  }
}
