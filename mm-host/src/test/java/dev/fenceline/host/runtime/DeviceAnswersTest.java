package dev.fenceline.host.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.model.AgentMessage.CloseDevice;
import dev.fenceline.model.HostMessage.DeviceClosed;
import org.junit.jupiter.api.Test;

/** What shards answer to the end of a device goes out once, and for the drain that it is of. */
class DeviceAnswersTest {
  private final DeviceAnswers answers = new DeviceAnswers();

  @Test
  void answersOfAllShards_areOneAnswer() {
    answers.expectClosed(new CloseDevice(0, 1), 2);
    assertThat(answers.joined(new DeviceClosed(0, 2, 1))).isNull();
    assertThat(answers.joined(new DeviceClosed(0, 3, 1))).isEqualTo(new DeviceClosed(0, 5, 1));
  }

  @Test
  void lateAnswerToAFirstDrain_isNoPartOfThatToTheSecond() {
    answers.expectClosed(new CloseDevice(0, 1), 2);
    assertThat(answers.joined(new DeviceClosed(0, 0, 1))).isNull();
    answers.expectClosed(new CloseDevice(0, 2), 2);
    assertThat(answers.joined(new DeviceClosed(0, 0, 2))).isNull();
    assertThat(answers.joined(new DeviceClosed(0, 4, 1))).isEqualTo(new DeviceClosed(0, 4, 1));
    assertThat(answers.joined(new DeviceClosed(0, 0, 2))).isEqualTo(new DeviceClosed(0, 0, 2));
  }
}
