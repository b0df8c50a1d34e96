package dev.fenceline.host.adapter.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.runtime.TraceContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class TraceParentTest {
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String SPAN = "00f067aa0ba902b7";

  @Test
  void wellFormedHeader_isTaken() {
    assertThat(TraceParent.parse("00-" + TRACE + "-" + SPAN + "-01"))
        .isEqualTo(new TraceContext(TRACE, SPAN, true));
    assertThat(TraceParent.parse("00-" + TRACE + "-" + SPAN + "-02"))
        .isEqualTo(new TraceContext(TRACE, SPAN, false));
  }

  @Test
  void laterVersion_isTakenAsFarAsItIsKnown() {
    assertThat(TraceParent.parse("cc-" + TRACE + "-" + SPAN + "-01-what-will-come"))
        .isEqualTo(new TraceContext(TRACE, SPAN, true));
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(
      strings = {
        "",
        "00",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
        "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01"
      })
  void malformedHeader_isAsIfThereWereNone(String header) {
    assertThat(TraceParent.parse(header)).isNull();
  }

  @Test
  void endlessHeader_isAsIfThereWereNone() {
    assertThat(TraceParent.parse("cc-" + TRACE + "-" + SPAN + "-01-" + "x".repeat(100_000)))
        .isNull();
  }
}
