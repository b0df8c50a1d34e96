package dev.fenceline.testbed.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.fenceline.testbed.check.FinalState.Verdict.Different;
import dev.fenceline.testbed.check.FinalState.Verdict.Same;
import org.junit.jupiter.api.Test;

class FinalStateTest {

  private final FinalState state = new FinalState(2);

  @Test
  void equalBytes_areTheSame() {
    state.compare(0, new byte[4096], new byte[4096]);
    state.compare(4096, new byte[0], new byte[0]);
    assertThat(state.verdict()).isEqualTo(new Same(4096));
  }

  @Test
  void differingRuns_areCountedAndTheFirstKept() {
    byte[] actual = new byte[64];
    for (int at : new int[] {8, 9, 10, 11, 12, 13, 14, 15, 16, 20, 63}) {
      actual[at] = (byte) at;
    }
    state.compare(History.word(1, 0x1000), new byte[64], actual);
    Different different = (Different) state.verdict();
    assertThat(different.comparedBytes()).isEqualTo(64);
    assertThat(different.differingBytes()).isEqualTo(11);
    assertThat(different.differences()).isEqualTo(3);
    assertThat(different.first()).hasSize(2);
    assertThat(different.first().getFirst())
        .hasToString(
            "space 1, address 0x1008: 9 bytes differ: expected 0000000000000000, found"
                + " 08090a0b0c0d0e0f");
    assertThat(different.first().get(1).word()).isEqualTo(History.word(1, 0x1014));
  }

  @Test
  void differentLengths_areAMistakeOfTheCaller() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> state.compare(0, new byte[1], new byte[2]));
  }
}
