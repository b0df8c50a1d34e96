package dev.fenceline.host.adapter.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.model.HostMessage;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** An attach stream that never says Hello. */
class SilentStreamTest {
  private static final Duration SHORT = Duration.ofMillis(50);

  @Test
  void streamWithoutHello_isEndedAfterItsTimeOut() throws IOException {
    try (HostUnderTest host = HostUnderTest.startWithHelloTimeout(SHORT);
        FakeAgent agent = new FakeAgent(host, "agent-1", 11)) {
      agent.open();

      Status status = agent.awaitEnd();
      assertThat(status.getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
      assertThat(status.getDescription()).contains("no Hello within 50 ms");
      assertThat(agent.await(HostMessage.Goodbye.class, any -> true).reason()).contains("no Hello");
      HostUnderTest.await(
          "the stream is forgotten", () -> host.runtime().sessions().connections() == 0);
    }
  }

  @Test
  void streamThatSaidHello_outlivesTheTimeOut() throws IOException, InterruptedException {
    try (HostUnderTest host = HostUnderTest.startWithHelloTimeout(SHORT);
        FakeAgent silent = new FakeAgent(host, "silent", 12);
        FakeAgent agent = new FakeAgent(host, "agent-1", 11)) {
      attachInTime(agent);
      silent.open(); // opened later, so its end shows that the other's time is over as well
      silent.awaitEnd();

      HostUnderTest.await(
          "the silent stream is forgotten", () -> host.runtime().sessions().connections() == 1);
      assertThat(agent.ended()).isNull();
      assertThat(host.runtime().sessions().sessionCount()).isEqualTo(1);
    }
  }

  /** Where the machine stalls, a Hello comes too late: the agent dials again, as agents do. */
  private static void attachInTime(FakeAgent agent) {
    boolean welcome = false;
    while (!welcome) {
      agent.received().clear();
      agent.hello();
      HostUnderTest.await(
          "an answer to Hello",
          () ->
              agent.ended() != null
                  || agent.received().stream().anyMatch(HostMessage.Welcome.class::isInstance));
      welcome = agent.ended() == null;
    }
  }
}
