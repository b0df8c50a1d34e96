package dev.fenceline.host.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.session.AgentStanding.State;
import dev.fenceline.model.AgentMessage.Hello;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.HostMessage.RefusalReason;
import dev.fenceline.model.NotificationMode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who is quarantined, for how long, and that no fence resolves earlier because of it. */
class QuarantineTest {
  private static final long EPOCH = 7;
  private static final long MS = 1_000_000;
  private static final HostPolicy POLICY =
      new HostPolicy(3, 1_000 * MS, 200 * MS, 500 * MS, NotificationMode.SPLIT);

  private final LeasePolicy leases = new LeasePolicy(100 * MS, 500, 10 * MS, MS, 50 * MS);
  private final SessionEngine engine = new SessionEngine("h", EPOCH, leases, 1024, POLICY);
  private final List<SessionEffect> effects = new ArrayList<>();
  private long now = 5 * MS;
  private long lastConnection;

  @Test
  void attachedAgent_isSentAway_andItsFencesResolveOnlyWhenItsLeaseHasRunOut() {
    long session = attach("a");
    long attachedAt = now;
    now += 10 * MS;
    input(new SessionInput.Quarantine("a", "it burns", 0));
    assertThat(all(SessionEffect.Close.class)).hasSize(1);
    assertThat(sent(HostMessage.Goodbye.class)).hasSize(1);
    assertThat(all(SessionEffect.EndOnShards.class)).isEmpty();

    hello("a");
    HostMessage.Refusal refusal = lastRefusal();
    assertThat(refusal.reason()).isEqualTo(RefusalReason.QUARANTINED);
    assertThat(refusal.message()).contains("it burns", "operator");
    assertThat(refusal.retryAfterNanos()).isEqualTo(2 * leases.ttlNanos());
    input(new SessionInput.HeartbeatReceived(EPOCH, session, 1));
    assertThat(sent(HostMessage.HeartbeatAck.class)).isEmpty();

    now = attachedAt + leases.expiryNanos() - 1;
    input(new SessionInput.Tick());
    assertThat(all(SessionEffect.EndOnShards.class)).isEmpty();
    now++;
    input(new SessionInput.Tick());
    assertThat(all(SessionEffect.EndOnShards.class))
        .containsExactly(new SessionEffect.EndOnShards(session, FenceResolution.LEASE_EXPIRED));
  }

  @Test
  void returnedBeforeItsLeaseRanOut_itsHelloResolvesItsFences() {
    long session = attach("a");
    input(new SessionInput.Quarantine("a", "", 0));
    input(new SessionInput.ReturnAgent("a"));
    assertThat(engine.standing("a", now)).isEqualTo(StandingView.healthy("a"));
    attach("a");
    assertThat(all(SessionEffect.EndOnShards.class))
        .containsExactly(new SessionEffect.EndOnShards(session, FenceResolution.REATTACHED));
  }

  @Test
  void hold_endsByItself_notEarlier() {
    input(new SessionInput.Quarantine("a", "for a while", 300 * MS));
    now += 100 * MS;
    hello("a");
    assertThat(lastRefusal().retryAfterNanos()).isEqualTo(200 * MS);
    assertThat(engine.nextDeadlineNanos()).isEqualTo(now + 200 * MS);
    now += 200 * MS - 1;
    hello("a");
    assertThat(lastRefusal().retryAfterNanos()).isEqualTo(1);
    now++;
    input(new SessionInput.Tick());
    assertThat(engine.standing("a", now).state()).isEqualTo(State.HEALTHY);
    attach("a");
  }

  @Test
  void strikesWithinTheWindow_quarantine_andEachHoldIsTwiceTheLast() {
    List<Long> holds = new ArrayList<>();
    for (int round = 0; round < 4; round++) {
      long session = attach("a");
      for (int strike = 0; strike < 3; strike++) {
        assertThat(engine.standing("a", now).state()).isNotEqualTo(State.QUARANTINED);
        now += MS;
        input(new SessionInput.OverdueChanged(0, session, true));
        input(new SessionInput.OverdueChanged(0, session, false));
      }
      StandingView standing = engine.standing("a", now);
      assertThat(standing.state()).isEqualTo(State.QUARANTINED);
      assertThat(standing.byOperator()).isFalse();
      assertThat(standing.reason()).contains("3 strikes", "overdue");
      holds.add(standing.holdLeftNanos() / MS);
      now += standing.holdLeftNanos();
      input(new SessionInput.Tick());
    }
    assertThat(holds).containsExactly(200L, 400L, 500L, 500L);
    now += POLICY.greatestHoldNanos();
    input(new SessionInput.Tick());
    long session = attach("a");
    for (int strike = 0; strike < 3; strike++) {
      input(new SessionInput.OverdueChanged(0, session, true));
      input(new SessionInput.OverdueChanged(0, session, false));
    }
    assertThat(engine.standing("a", now).holdLeftNanos()).isEqualTo(200 * MS);
  }

  @Test
  void oneEpisode_isOneStrike_onHoweverManyShards() {
    long session = attach("a");
    input(new SessionInput.OverdueChanged(0, session, true));
    input(new SessionInput.OverdueChanged(1, session, true));
    assertThat(engine.standing("a", now).strikes()).isOne();
    now += leases.expiryNanos();
    input(new SessionInput.Tick());
    input(new SessionInput.DiedOwing(0, session, "a"));
    input(new SessionInput.DiedOwing(1, session, "a"));
    assertThat(engine.standing("a", now).strikes()).isOne();

    long second = attach("a");
    now += leases.expiryNanos();
    input(new SessionInput.Tick());
    input(new SessionInput.DiedOwing(1, second, "a"));
    input(new SessionInput.DiedOwing(0, second, "a"));
    assertThat(engine.standing("a", now).strikes()).isEqualTo(2);
    assertThat(engine.standing("a", now).state()).isEqualTo(State.SUSPECT);
  }

  @Test
  void oldStrikes_areForgotten() {
    long session = attach("a");
    input(new SessionInput.OverdueChanged(0, session, true));
    input(new SessionInput.OverdueChanged(0, session, false));
    now += POLICY.windowNanos();
    input(new SessionInput.Tick());
    assertThat(engine.standings(now)).isEmpty();
  }

  @Test
  void withoutThePolicy_nobodyIsQuarantinedByItself() {
    input(
        new SessionInput.SetPolicy(
            new HostPolicy(0, 1_000 * MS, 200 * MS, 500 * MS, NotificationMode.SPLIT)));
    long session = attach("a");
    for (int i = 0; i < 50; i++) {
      input(new SessionInput.OverdueChanged(0, session, true));
      input(new SessionInput.OverdueChanged(0, session, false));
    }
    assertThat(engine.standing("a", now).state()).isEqualTo(State.SUSPECT);
    assertThat(engine.standing("a", now).strikes()).isEqualTo(50);
  }

  @Test
  void table_isBounded_andTheQuarantinedAreNotForgotten() {
    for (int i = 0; i < Standings.MAX_AGENTS; i++) {
      input(new SessionInput.Quarantine("q" + i, "", 0));
    }
    input(new SessionInput.Quarantine("one-more", "", 0));
    assertThat(engine.standings(now)).hasSize(Standings.MAX_AGENTS);
    assertThat(engine.standing("one-more", now).state()).isEqualTo(State.HEALTHY);
    input(new SessionInput.ReturnAgent("q0"));
    input(new SessionInput.Quarantine("one-more", "", 0));
    assertThat(engine.standing("one-more", now).state()).isEqualTo(State.QUARANTINED);
  }

  @Test
  void contradictoryPolicies_nameTheField() {
    assertThat(HostPolicy.DEFAULT.contradiction()).isNull();
    assertThat(new HostPolicy(-1, MS, MS, MS, NotificationMode.SPLIT).contradiction())
        .contains("quarantine_strikes");
    assertThat(new HostPolicy(1, 0, MS, MS, NotificationMode.SPLIT).contradiction())
        .contains("quarantine_window_nanos");
    assertThat(new HostPolicy(1, MS, 2 * MS, MS, NotificationMode.SPLIT).contradiction())
        .contains("quarantine_hold_nanos", "quarantine_greatest_hold_nanos");
    assertThat(new HostPolicy(1, MS, MS, -1, NotificationMode.SPLIT).contradiction())
        .contains("quarantine_greatest_hold_nanos");
  }

  private void input(SessionInput input) {
    effects.addAll(engine.step(now, input));
  }

  private void hello(String agent) {
    input(
        new SessionInput.HelloReceived(
            ++lastConnection,
            new Hello(1, agent, 11, lastConnection, List.of(new DeviceDescription(0, "gpu", 2)))));
  }

  private long attach(String agent) {
    hello(agent);
    return sent(HostMessage.Welcome.class).getLast().sessionId();
  }

  private HostMessage.Refusal lastRefusal() {
    return sent(HostMessage.Refusal.class).getLast();
  }

  private <T extends SessionEffect> List<T> all(Class<T> type) {
    return effects.stream().filter(type::isInstance).map(type::cast).toList();
  }

  private <T extends HostMessage> List<T> sent(Class<T> type) {
    return all(SessionEffect.SendOn.class).stream()
        .map(SessionEffect.SendOn::message)
        .filter(type::isInstance)
        .map(type::cast)
        .toList();
  }
}
