package dev.fenceline.agent.engine;

import static dev.fenceline.agent.engine.LinkByHand.EPOCH;
import static dev.fenceline.agent.engine.LinkByHand.INTERVAL;
import static dev.fenceline.agent.engine.LinkByHand.SAFETY;
import static dev.fenceline.agent.engine.LinkByHand.TTL;
import static dev.fenceline.agent.engine.LinkByHand.last;
import static dev.fenceline.agent.engine.LinkByHand.messages;
import static dev.fenceline.agent.engine.LinkByHand.only;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.HostMessage;
import java.util.List;
import org.junit.jupiter.api.Test;

class SessionTest {
  private final LinkByHand link = new LinkByHand();

  @Test
  void openStream_saysHelloAloneWithoutSession() {
    link.give(new AgentInput.Start());

    AgentEffect.Send hello =
        last(link.give(new AgentInput.StreamOpened(1)), AgentEffect.Send.class);

    assertThat(hello.batch().hostEpoch()).isZero();
    assertThat(hello.batch().sessionId()).isZero();
    assertThat(AgentMessage.helloOf(hello.batch())).isNotNull();
  }

  @Test
  void brokenStream_dropsEverythingAndDialsOnlyOnceDrained() {
    link.attached();

    AgentEffect.DropEverything drop =
        last(
            link.give(new AgentInput.StreamEnded(link.attempt(), "broken")),
            AgentEffect.DropEverything.class);

    assertThat(link.engine.state()).isEqualTo(LinkState.DRAINING);
    assertThat(link.after(60_000 * LinkByHand.MILLISECOND, new AgentInput.Tick())).isEmpty();
    link.give(new AgentInput.Drained(drop.drainId()));
    assertThat(link.engine.state()).isEqualTo(LinkState.BACKOFF);
    link.now = link.engine.nextDeadlineNanos();
    assertThat(only(link.give(new AgentInput.Tick()), AgentEffect.Dial.class)).hasSize(1);
  }

  @Test
  void goodbye_endsTheSessionAndTheStream() {
    link.attached();

    List<AgentEffect> effects = link.hear(new HostMessage.Goodbye("maintenance"));

    assertThat(only(effects, AgentEffect.DropEverything.class)).hasSize(1);
    assertThat(only(effects, AgentEffect.CloseStream.class)).hasSize(1);
    assertThat(link.engine.leaseEndNanos()).isEqualTo(HostLinkEngine.NO_LEASE);
  }

  @Test
  void leaseWithoutAcknowledgement_endsOneTtlAfterHelloWasSent() {
    link.give(new AgentInput.Start());
    link.give(new AgentInput.StreamOpened(1));
    long helloSent = link.now;
    link.now += 100;
    link.hear(link.welcome());

    assertThat(link.engine.leaseEndNanos()).isEqualTo(helloSent + TTL - SAFETY);
    link.now = helloSent + TTL - SAFETY;
    List<AgentEffect> effects = link.give(new AgentInput.Tick());

    assertThat(link.engine.state()).isEqualTo(LinkState.FENCED);
    assertThat(only(effects, AgentEffect.DropEverything.class)).hasSize(1);
  }

  @Test
  void acknowledgedHeartbeat_extendsTheLeaseFromItsSending() {
    link.attached();
    link.now = link.engine.nextDeadlineNanos();
    link.give(new AgentInput.Tick());
    long sent = link.now;
    assertThat(link.said()).containsExactly(new AgentMessage.Heartbeat(1));
    link.now += INTERVAL / 2;

    link.hear(new HostMessage.HeartbeatAck(1));

    assertThat(link.engine.leaseEndNanos()).isEqualTo(sent + TTL - SAFETY);
  }

  @Test
  void heartbeats_haveFixedDelayByTheClockReadAnew() {
    link.attached();
    link.now = link.engine.nextDeadlineNanos() + INTERVAL / 4;
    link.give(new AgentInput.Tick());

    assertThat(link.engine.nextDeadlineNanos()).isEqualTo(link.now + INTERVAL);
  }

  @Test
  void acknowledgementBehindTheEndOfTheLease_doesNotReviveIt() {
    link.attached();
    link.after(INTERVAL, new AgentInput.Tick());
    link.said();
    link.now = link.engine.leaseEndNanos();

    link.hear(new HostMessage.HeartbeatAck(1));

    assertThat(link.engine.state()).isEqualTo(LinkState.FENCED);
  }

  @Test
  void acknowledgementsOfUnknownHeartbeats_changeNothing() {
    link.attached();
    long end = link.engine.leaseEndNanos();

    link.hear(new HostMessage.HeartbeatAck(99));

    assertThat(link.engine.leaseEndNanos()).isEqualTo(end);
    assertThat(link.engine.counter(LinkCounter.LATE_MESSAGES)).isEqualTo(1);
  }

  @Test
  void messagesOfAnotherSessionEpochOrStream_areCountedAndDropped() {
    link.attached();
    long end = link.engine.leaseEndNanos();
    link.after(INTERVAL, new AgentInput.Tick());
    List<HostMessage> ack = List.of(new HostMessage.HeartbeatAck(1));

    link.give(new AgentInput.Received(1, new HostMessage.Batch(EPOCH, 99, ack)));
    link.give(new AgentInput.Received(1, new HostMessage.Batch(EPOCH + 1, 100, ack)));
    link.give(new AgentInput.Received(0, new HostMessage.Batch(EPOCH, 100, ack)));

    assertThat(link.engine.leaseEndNanos()).isEqualTo(end);
    assertThat(link.engine.counter(LinkCounter.LATE_MESSAGES)).isEqualTo(3);
  }

  @Test
  void refusalWithRetryAfter_waitsAtLeastThatLong() {
    link.give(new AgentInput.Start());
    link.give(new AgentInput.StreamOpened(1));
    long retryAfter = 3_000 * LinkByHand.MILLISECOND;

    link.hear(
        new HostMessage.Refusal(
            HostMessage.RefusalReason.AGENT_ID_TAKEN, "another one", retryAfter));

    assertThat(link.engine.state()).isEqualTo(LinkState.BACKOFF);
    assertThat(link.engine.nextDeadlineNanos()).isGreaterThanOrEqualTo(link.now + retryAfter);
  }

  @Test
  void silentHost_isGivenUpAndWaitsGrow() {
    link.give(new AgentInput.Start());
    long previous = 0;
    for (int i = 0; i < 5; i++) {
      link.now = link.engine.nextDeadlineNanos();
      link.give(new AgentInput.Tick());
      long wait = link.engine.nextDeadlineNanos() - link.now;
      assertThat(wait).isGreaterThanOrEqualTo(previous / 2);
      previous = wait;
      link.now = link.engine.nextDeadlineNanos();
      link.give(new AgentInput.Tick());
    }
    assertThat(previous).isGreaterThan(200 * LinkByHand.MILLISECOND);
  }

  @Test
  void stop_drainsThenLeavesInTheSession() {
    link.attached();
    AgentEffect.DropEverything drop =
        last(link.give(new AgentInput.Stop()), AgentEffect.DropEverything.class);

    List<AgentEffect> effects = link.give(new AgentInput.Drained(drop.drainId()));

    assertThat(messages(effects)).containsExactly(new AgentMessage.Leave());
    assertThat(last(effects, AgentEffect.Send.class).batch().sessionId()).isEqualTo(100);
    assertThat(last(effects, AgentEffect.CloseStream.class).attempt()).isEqualTo(1);
    assertThat(link.engine.state()).isEqualTo(LinkState.DISCONNECTED);
  }

  @Test
  void startAfterLeaving_dialsAnew() {
    link.attached();
    AgentEffect.DropEverything drop =
        last(link.give(new AgentInput.Stop()), AgentEffect.DropEverything.class);
    link.give(new AgentInput.Drained(drop.drainId()));

    List<AgentEffect> effects = link.give(new AgentInput.Start());

    assertThat(last(effects, AgentEffect.Dial.class).attempt()).isEqualTo(2);
  }

  @Test
  void lateWelcome_isNotTrustedWithADeadLease() {
    LinkByHand slow =
        new LinkByHand(
            LinkSettings.of(
                    "agent", 1, List.of(new dev.fenceline.model.DeviceDescription(0, "d", 1)))
                .withLeaseSafetyNanos(0));
    slow.give(new AgentInput.Start());
    slow.give(new AgentInput.StreamOpened(1));
    slow.now += TTL;

    slow.hear(slow.welcome());

    assertThat(slow.engine.state()).isEqualTo(LinkState.BACKOFF);
  }

  @Test
  void settingsWithoutDevices_areRefused() {
    assertThatThrownBy(() -> LinkSettings.of("a", 1, List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
