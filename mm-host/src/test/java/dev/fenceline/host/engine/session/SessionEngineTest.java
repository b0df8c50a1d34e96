package dev.fenceline.host.engine.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.model.AgentMessage.Hello;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.HostMessage.RefusalReason;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Hellos, leases and who is dead when. */
class SessionEngineTest {
  private static final long EPOCH = 7;
  private static final long MS = 1_000_000;

  private final LeasePolicy leases = new LeasePolicy(100 * MS, 500, 10 * MS, MS, 50 * MS);
  private final SessionEngine engine = new SessionEngine("h", EPOCH, leases, 1024);
  private final List<SessionEffect> effects = new ArrayList<>();
  private long now = 5 * MS;
  private long dials;

  private void input(SessionInput input) {
    effects.addAll(engine.step(now, input));
  }

  /** Dialled later than any before. */
  private Hello hello(String agent, long bootToken) {
    return hello(agent, bootToken, ++dials);
  }

  private static Hello hello(String agent, long bootToken, long dialAttempt) {
    return new Hello(1, agent, bootToken, dialAttempt, List.of(new DeviceDescription(0, "gpu", 2)));
  }

  private long attach(long connection, String agent, long bootToken) {
    input(new SessionInput.HelloReceived(connection, hello(agent, bootToken)));
    return last(HostMessage.Welcome.class).sessionId();
  }

  private <T extends HostMessage> T last(Class<T> type) {
    return effects.stream()
        .filter(SessionEffect.SendOn.class::isInstance)
        .map(e -> ((SessionEffect.SendOn) e).message())
        .filter(type::isInstance)
        .map(type::cast)
        .toList()
        .getLast();
  }

  private List<SessionEffect.EndOnShards> ends() {
    return effects.stream()
        .filter(SessionEffect.EndOnShards.class::isInstance)
        .map(SessionEffect.EndOnShards.class::cast)
        .toList();
  }

  @Test
  void hello_opensOnShardsBeforeTheAgentHearsWelcome() {
    attach(1, "a", 11);

    assertThat(effects.get(0)).isInstanceOf(SessionEffect.OpenOnShards.class);
    assertThat(effects.get(1)).isInstanceOf(SessionEffect.Bind.class);
    assertThat(last(HostMessage.Welcome.class).heartbeatIntervalNanos()).isEqualTo(20 * MS);
  }

  @Test
  void silence_endsTheSessionAtItsBoundAndNotBefore() {
    long session = attach(1, "a", 11);
    long expiry = leases.expiryNanos();
    assertThat(engine.nextDeadlineNanos()).isEqualTo(now + expiry);

    now += expiry - 1;
    input(new SessionInput.Tick());
    assertThat(ends()).isEmpty();
    now += 1;
    input(new SessionInput.Tick());
    assertThat(ends())
        .containsExactly(new SessionEffect.EndOnShards(session, FenceResolution.LEASE_EXPIRED));
    assertThat(effects).anyMatch(SessionEffect.Close.class::isInstance);
  }

  @Test
  void heartbeat_renews_butNotWhileAFenceIsOverdue() {
    long session = attach(1, "a", 11);
    now += 60 * MS;
    input(new SessionInput.HeartbeatReceived(EPOCH, session, 1));
    assertThat(last(HostMessage.HeartbeatAck.class).number()).isEqualTo(1);
    assertThat(engine.nextDeadlineNanos()).isEqualTo(now + leases.expiryNanos());

    long renewed = now;
    input(new SessionInput.OverdueChanged(0, session, true));
    now += 20 * MS;
    int before = effects.size();
    input(new SessionInput.HeartbeatReceived(EPOCH, session, 2));
    assertThat(effects).as("no ack, no renewal").hasSize(before);
    assertThat(engine.nextDeadlineNanos()).isEqualTo(renewed + leases.expiryNanos());
    input(new SessionInput.OverdueChanged(0, session, false));
    input(new SessionInput.HeartbeatReceived(EPOCH, session, 3));
    assertThat(engine.nextDeadlineNanos()).isEqualTo(now + leases.expiryNanos());
  }

  @Test
  void heartbeatOfAnOldEpochSessionOrNumber_changesNothing() {
    long session = attach(1, "a", 11);
    input(new SessionInput.HeartbeatReceived(EPOCH, session, 5));
    long deadline = engine.nextDeadlineNanos();
    now += 10 * MS;

    input(new SessionInput.HeartbeatReceived(EPOCH, session, 5));
    input(new SessionInput.HeartbeatReceived(EPOCH - 1, session, 6));
    input(new SessionInput.HeartbeatReceived(EPOCH, session + 9, 6));

    assertThat(engine.nextDeadlineNanos()).isEqualTo(deadline);
    assertThat(effects.stream().filter(SessionEffect.LateMessage.class::isInstance)).hasSize(3);
  }

  @Test
  void sameProcessSaysHelloAgain_endsTheOldSessionFirst() {
    long old = attach(1, "a", 11);
    effects.clear();

    long next = attach(2, "a", 11);

    assertThat(next).isNotEqualTo(old);
    assertThat(effects.getFirst())
        .isEqualTo(new SessionEffect.EndOnShards(old, FenceResolution.REATTACHED));
    assertThat(effects)
        .anyMatch(e -> e instanceof SessionEffect.Close close && close.connectionId() == 1);
  }

  @Test
  void otherProcessWithTheSameId_isRefusedWhileTheFirstOneLives() {
    attach(1, "a", 11);
    now += 10 * MS;

    input(new SessionInput.HelloReceived(2, hello("a", 22)));

    HostMessage.Refusal refusal = last(HostMessage.Refusal.class);
    assertThat(refusal.reason()).isEqualTo(RefusalReason.AGENT_ID_TAKEN);
    assertThat(refusal.retryAfterNanos()).isEqualTo(leases.expiryNanos() - 10 * MS);
    assertThat(engine.sessions()).hasSize(1);
  }

  @Test
  void restartedProcess_takesOverWhenTheStreamOfTheFirstBroke() {
    long old = attach(1, "a", 11);
    input(new SessionInput.ConnectionClosed(1));

    attach(2, "a", 22);

    assertThat(ends())
        .containsExactly(new SessionEffect.EndOnShards(old, FenceResolution.REATTACHED));
  }

  @Test
  void brokenStream_keepsTheSessionUntilItsLeaseEnds() {
    long session = attach(1, "a", 11);
    input(new SessionInput.ConnectionClosed(1));
    assertThat(ends()).isEmpty();

    now += leases.expiryNanos();
    input(new SessionInput.Tick());

    assertThat(ends()).hasSize(1);
    assertThat(ends().getFirst().sessionId()).isEqualTo(session);
  }

  @Test
  void leave_endsAtOnce() {
    long session = attach(1, "a", 11);

    input(new SessionInput.LeaveReceived(EPOCH, session));

    assertThat(ends())
        .containsExactly(new SessionEffect.EndOnShards(session, FenceResolution.LEFT));
    assertThat(engine.nextDeadlineNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void malformedHellos_areRefusedWithTheValue() {
    DeviceDescription device = new DeviceDescription(0, "d", 1);
    refused(new Hello(9, "a", 1, 1, List.of(device)), "9");
    refused(new Hello(1, "", 1, 1, List.of(device)), "''");
    refused(new Hello(1, "a b", 1, 1, List.of(device)), "a b");
    refused(new Hello(1, "cpu", 1, 1, List.of(device)), "cpu");
    refused(new Hello(1, "x".repeat(500), 1, 1, List.of(device)), "xxx...");
    refused(new Hello(1, "a", 0, 1, List.of(device)), "boot token 0");
    refused(new Hello(1, "a", 1, 0, List.of(device)), "dial attempt 0");
    refused(new Hello(1, "a", 1, 1, List.of()), "0 devices");
    refused(new Hello(1, "a", 1, 1, List.of(new DeviceDescription(3, "d", 1))), "index 3");
    refused(new Hello(1, "a", 1, 1, List.of(new DeviceDescription(0, "d", 0))), "0 units");
    assertThat(engine.sessions()).isEmpty();
  }

  private void refused(Hello hello, String value) {
    input(new SessionInput.HelloReceived(1, hello));
    assertThat(last(HostMessage.Refusal.class).message()).contains(value);
  }

  @Test
  void expiry_coversTheAgentsOwnLeaseUnderDrift() {
    LeasePolicy drifting = new LeasePolicy(1_000 * MS, 50_000, 20 * MS, 5 * MS, MS);

    double slowAgentClock = 1_000 * MS / (1 - 0.05);
    double fastHostClock = slowAgentClock * (1 + 0.05);
    assertThat(drifting.expiryNanos()).isGreaterThanOrEqualTo((long) fastHostClock + 25 * MS);
  }

  @Test
  void contradictoryPolicy_isRefusedWithTheValue() {
    assertThatThrownBy(() -> new LeasePolicy(10, 500, 0, 0, 1)).hasMessageContaining("10");
    assertThatThrownBy(() -> new LeasePolicy(MS, 600_000, 0, 0, 1)).hasMessageContaining("600000");
    assertThatThrownBy(() -> new LeasePolicy(MS, 500, -1, 0, 1)).hasMessageContaining("-1");
    assertThatThrownBy(() -> new LeasePolicy(MS, 500, 0, 0, 0)).hasMessageContaining("overdue");
  }

  private void say(long connection, Hello hello) {
    effects.clear();
    input(new SessionInput.HelloReceived(connection, hello));
  }

  @Test
  void helloOfAnEarlierDial_onALaterConnection_resolvesNothing() {
    say(1, hello("a", 11, 2));
    long session = last(HostMessage.Welcome.class).sessionId();

    say(2, hello("a", 11, 1));

    assertThat(last(HostMessage.Refusal.class).reason()).isEqualTo(RefusalReason.AGENT_ID_TAKEN);
    assertThat(effects).contains(new SessionEffect.LateMessage(session));
    assertThat(ends()).isEmpty();
    assertThat(engine.sessions()).extracting(Session::sessionId).containsExactly(session);
  }

  @Test
  void helloOfALaterDial_onAnEarlierConnection_isAccepted() {
    say(9, hello("a", 11, 1));
    say(3, hello("a", 11, 2));

    assertThat(last(HostMessage.Welcome.class).sessionId()).isPositive();
    assertThat(ends()).hasSize(1);
  }

  @Test
  void lateHelloOfASessionThatHasEnded_opensNone() {
    say(1, hello("a", 11, 5));
    now += leases.expiryNanos();
    input(new SessionInput.Tick());
    assertThat(engine.sessions()).isEmpty();

    say(2, hello("a", 11, 4));

    assertThat(last(HostMessage.Refusal.class).message()).contains("dial 4");
    assertThat(engine.sessions()).isEmpty();
  }

  @Test
  void processStartedEarlier_waitsForTheEndOfTheLeaseOfItsSuccessor() {
    say(2, hello("a", 22, 1));
    long successor = last(HostMessage.Welcome.class).sessionId();
    input(new SessionInput.ConnectionClosed(2));

    say(3, hello("a", 11, 2)); // perhaps sent before the successor was started
    assertThat(last(HostMessage.Refusal.class).reason()).isEqualTo(RefusalReason.AGENT_ID_TAKEN);
    assertThat(engine.sessions()).extracting(Session::sessionId).containsExactly(successor);

    now += leases.expiryNanos();
    say(4, hello("a", 11, 3));
    assertThat(last(HostMessage.Welcome.class).sessionId()).isGreaterThan(successor);
  }

  @Test
  void historyBeyondItsBound_forgetsTheOldestThatIsNotLive() {
    HelloHistory history = new HelloHistory(2);
    for (String agent : List.of("live", "old", "new")) {
      history.accepted(hello(agent, 1, 7), "live"::equals);
    }

    assertThat(history.outdated(hello("live", 1, 7))).isTrue();
    assertThat(history.outdated(hello("old", 1, 7))).isFalse();
    assertThat(history.outdated(hello("new", 1, 7))).isTrue();
    assertThat(history.outdated(hello("new", 1, 8))).isFalse();
  }
}
