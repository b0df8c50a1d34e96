package dev.fenceline.coordinator.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.coordinator.engine.RegistryEffect.CompleteStream;
import dev.fenceline.coordinator.engine.RegistryEffect.NodeChanged;
import dev.fenceline.coordinator.engine.RegistryEffect.NodeForgotten;
import dev.fenceline.coordinator.engine.RegistryEffect.Recovered;
import dev.fenceline.coordinator.engine.RegistryEffect.RefuseStream;
import dev.fenceline.coordinator.engine.RegistryEffect.ReleaseEndpoint;
import dev.fenceline.coordinator.engine.RegistryEffect.SendUpdate;
import dev.fenceline.coordinator.engine.RegistryInput.ReportReceived;
import dev.fenceline.coordinator.engine.RegistryInput.StreamClosed;
import dev.fenceline.coordinator.engine.RegistryInput.StreamOpened;
import dev.fenceline.coordinator.engine.RegistryInput.Tick;
import dev.fenceline.coordinator.engine.RegistryUpdate.HostEndpoint;
import java.util.List;
import org.junit.jupiter.api.Test;

class RegistryEngineTest {
  private static final long MS = 1_000_000L;
  private static final NodeKey HOST = new NodeKey(NodeKind.HOST, "host-1");
  private static final NodeKey AGENT = new NodeKey(NodeKind.AGENT, "agent-1");

  /** Reports every 100 ms, suspect after 250 ms, lost after 500 ms, recovering for 300 ms. */
  private final RegistrySettings settings =
      new RegistrySettings(500 * MS, 100 * MS, 300 * MS, 2000 * MS);

  private final RegistryEngine engine = new RegistryEngine(settings, 0xB007, 0);
  private long now;

  @Test
  void start_isRecoveringUntilTheWindowIsOver() {
    assertThat(engine.isRecovering()).isTrue();
    assertThat(engine.nextDeadlineNanos()).isEqualTo(300 * MS);
    assertThat(at(299, new Tick())).isEmpty();
    assertThat(engine.isRecovering()).isTrue();
    assertThat(at(300, new Tick())).containsExactly(new Recovered());
    assertThat(engine.isRecovering()).isFalse();
    assertThat(engine.nextDeadlineNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void recoveryEnds_everyStreamIsTold() {
    register(1, host(7));
    assertThat(update(register(2, agent(8))).recovering()).isTrue();
    now = 240;
    report(1, host(7));
    report(2, agent(8));
    List<RegistryEffect> effects = at(300, new Tick());
    assertThat(effects.getFirst()).isEqualTo(new Recovered());
    assertThat(effects.stream().filter(SendUpdate.class::isInstance)).hasSize(2);
    assertThat(update(effects).recovering()).isFalse();
  }

  @Test
  void hostRegisters_agentsGetTheNewList() {
    register(1, agent(8));
    List<RegistryEffect> effects = register(2, host(7));
    assertThat(effects)
        .contains(new NodeChanged(HOST, NodeState.LIVE, NodeState.LIVE, "registered"));
    RegistryUpdate toAgent =
        effects.stream()
            .filter(SendUpdate.class::isInstance)
            .map(SendUpdate.class::cast)
            .filter(send -> send.streamId() == 1)
            .findFirst()
            .orElseThrow()
            .update();
    assertThat(toAgent.hosts()).containsExactly(new HostEndpoint("host-1", "h:1"));
    assertThat(toAgent.revision()).isEqualTo(2);
    assertThat(toAgent.coordinatorBootToken()).isEqualTo(0xB007);
    assertThat(toAgent.reportIntervalNanos()).isEqualTo(100 * MS);
  }

  @Test
  void unchangedReport_isAnsweredWithTheSameRevision() {
    RegistryUpdate first = update(register(1, host(7)));
    now = 100;
    List<RegistryEffect> effects = report(1, host(7));
    assertThat(effects).hasSize(1);
    assertThat(update(effects).revision()).isEqualTo(first.revision());
  }

  @Test
  void reportsMissed_suspectThenLostThenForgotten() {
    register(1, host(7));
    assertThat(at(249, new Tick())).isEmpty();
    assertThat(changes(at(250, new Tick())))
        .containsExactly(
            new NodeChanged(HOST, NodeState.LIVE, NodeState.SUSPECT, "reports are missed"));
    ticks(251, 499);
    List<RegistryEffect> lost = at(500, new Tick());
    assertThat(changes(lost).getFirst().to()).isEqualTo(NodeState.LOST);
    assertThat(lost)
        .anyMatch(each -> each instanceof RefuseStream refuse && refuse.streamId() == 1);
    assertThat(state(HOST)).isEqualTo(NodeState.LOST);
    assertThat(engine.node(HOST, now * MS).orElseThrow().sinceNanos()).isEqualTo(500 * MS);
    ticks(501, 2499);
    assertThat(at(2500, new Tick()))
        .contains(new NodeForgotten(HOST, NodeState.LOST), new ReleaseEndpoint(HOST, "h:1"));
    assertThat(engine.view(now * MS).nodes()).isEmpty();
  }

  @Test
  void lostHost_staysInTheListUntilForgotten() {
    register(1, host(7));
    at(250, new Tick());
    at(300, new Tick());
    now = 390;
    register(2, agent(8));
    for (now = 450; now < 2500; now += 50) {
      assertThat(update(report(2, agent(8))).hosts()).hasSize(1);
    }
    now = 2500;
    assertThat(update(report(2, agent(8))).hosts()).isEmpty();
  }

  @Test
  void suspectReports_isLiveAgain() {
    register(1, host(7));
    at(250, new Tick());
    assertThat(changes(report(1, host(7))).getFirst().to()).isEqualTo(NodeState.LIVE);
  }

  @Test
  void streamEnds_isSuspectAtOnce() {
    register(1, host(7));
    List<RegistryEffect> effects = at(1, new StreamClosed(1, "cancelled"));
    assertThat(changes(effects))
        .containsExactly(
            new NodeChanged(
                HOST, NodeState.LIVE, NodeState.SUSPECT, "its report stream ended: cancelled"));
  }

  @Test
  void anotherProcessWithTheIdOfALiveNode_isRefusedWithTheHolder() {
    register(1, host(7));
    now = 40;
    List<RegistryEffect> effects = register(2, host(9));
    assertThat(effects)
        .containsExactly(new RefuseStream(2, new Refusal.NodeIdTaken(HOST, "h:1", 7, 40 * MS)));
    assertThat(state(HOST)).isEqualTo(NodeState.LIVE);
    assertThat(engine.node(HOST, now * MS).orElseThrow().bootToken()).isEqualTo(7);
    assertThat(update(report(1, host(7))).revision()).isEqualTo(2);
  }

  @Test
  void anotherProcessWithTheIdOfASuspectNode_takesOver() {
    register(1, host(7));
    at(250, new Tick());
    List<RegistryEffect> effects = register(2, host(9));
    assertThat(effects)
        .contains(
            new RefuseStream(1, new Refusal.Superseded(2)),
            new NodeChanged(HOST, NodeState.SUSPECT, NodeState.LIVE, "restarted"));
    assertThat(engine.node(HOST, now * MS).orElseThrow().bootToken()).isEqualTo(9);
    // INV-10: what the old process still says changes nothing.
    assertThat(report(1, host(7))).isEmpty();
    assertThat(engine.node(HOST, now * MS).orElseThrow().bootToken()).isEqualTo(9);
  }

  @Test
  void anotherProcessAfterTheStreamBroke_takesOver() {
    register(1, host(7));
    at(1, new StreamClosed(1, "reset"));
    assertThat(changes(register(2, host(9))).getFirst().reason()).isEqualTo("restarted");
  }

  @Test
  void sameProcessOnANewerStream_supersedesTheOld() {
    register(1, host(7));
    List<RegistryEffect> effects = register(2, host(7));
    assertThat(effects).contains(new RefuseStream(1, new Refusal.Superseded(2)));
    assertThat(changes(effects)).isEmpty();
    at(1, new StreamClosed(1, "late"));
    assertThat(state(HOST)).isEqualTo(NodeState.LIVE);
  }

  @Test
  void streamThatChangesItsIdentity_isRefused() {
    register(1, host(7));
    assertThat(report(1, host(8))).contains(new RefuseStream(1, new Refusal.IdentityChanged(HOST)));
    assertThat(state(HOST)).isEqualTo(NodeState.SUSPECT);
  }

  @Test
  void leaving_isLeftAtOnceAndOffTheList() {
    register(1, host(7));
    register(2, agent(8));
    NodeReport bye = new NodeReport("host-1", 7, "h:1", "", null, true);
    List<RegistryEffect> effects = report(1, bye);
    assertThat(effects).contains(new CompleteStream(1), new ReleaseEndpoint(HOST, "h:1"));
    assertThat(state(HOST)).isEqualTo(NodeState.LEFT);
    assertThat(update(effects).hosts()).isEmpty();
  }

  @Test
  void leavingWithLastWords_isRememberedAsItLeft() {
    register(2, agent(8));
    NodeLoad.AgentLoad last =
        new NodeLoad.AgentLoad(
            List.of(), List.of(new NodeLoad.LinkLoad("host-1", "disconnected", 0, 0)));
    report(2, new NodeReport("agent-1", 8, "a:1", "", last, true));
    assertThat(state(AGENT)).isEqualTo(NodeState.LEFT);
    assertThat(engine.node(AGENT, now * MS).orElseThrow().load()).isEqualTo(last);
  }

  @Test
  void endpointMoves_agentsHearAndTheOldConnectionGoes() {
    register(1, host(7));
    register(2, agent(8));
    NodeReport moved = new NodeReport("host-1", 7, "h:2", "", host(7).load(), false);
    List<RegistryEffect> effects = report(1, moved);
    assertThat(effects).contains(new ReleaseEndpoint(HOST, "h:1"));
    assertThat(effects.stream().filter(SendUpdate.class::isInstance)).hasSize(2);
  }

  @Test
  void silentStream_isRefusedAfterTheTimeout() {
    at(0, new StreamOpened(5));
    ticks(1, 499);
    assertThat(at(500, new Tick())).contains(new RefuseStream(5, new Refusal.Silent(500 * MS)));
    assertThat(report(5, host(7))).isEmpty();
  }

  @Test
  void registryFull_forgetsTheLongestGoneOrRefuses() {
    for (int i = 0; i < RegistryEngine.MAX_HOSTS; i++) {
      register(i + 1, host("h" + i, 7));
    }
    assertThat(register(1000, host("one-more", 7)))
        .containsExactly(
            new RefuseStream(1000, new Refusal.RegistryFull("hosts", RegistryEngine.MAX_HOSTS)));
    report(4, new NodeReport("h3", 7, "h:1", "", null, true));
    assertThat(changes(register(1001, host("one-more", 7)))).hasSize(1);
    assertThat(engine.node(new NodeKey(NodeKind.HOST, "h3"), now * MS)).isEmpty();
  }

  @Test
  void coordinatorStoodStill_nobodyIsLostForIt() {
    register(1, host(7));
    ticks(1, 400, 1);
    now = 450;
    report(1, host(7));
    assertThat(state(HOST)).isEqualTo(NodeState.LIVE);
    List<RegistryEffect> effects = at(60_000, new Tick());
    assertThat(changes(effects)).extracting(NodeChanged::to).doesNotContain(NodeState.LOST);
    report(1, host(7));
    assertThat(state(HOST)).isEqualTo(NodeState.LIVE);
  }

  @Test
  void reportsThatCannotBe_areRefusedWithTheField() {
    assertThat(fault(new NodeReport("", 7, "h:1", "", host(7).load(), false))).isEqualTo("node_id");
    assertThat(fault(new NodeReport("a b", 7, "h:1", "", host(7).load(), false)))
        .isEqualTo("node_id");
    assertThat(fault(new NodeReport("cpu", 7, "h:1", "", host(7).load(), false)))
        .isEqualTo("node_id");
    assertThat(fault(new NodeReport("h", 0, "h:1", "", host(7).load(), false)))
        .isEqualTo("boot_token");
    for (String endpoint :
        List.of("", "h", "h:", ":1", "h:0", "h:65536", "h:1x", "h h:1", "[]:1")) {
      assertThat(fault(new NodeReport("h", 7, endpoint, "", host(7).load(), false)))
          .as(endpoint)
          .isEqualTo("endpoint");
    }
    assertThat(fault(new NodeReport("h", 7, "[::1]:1", "nope", host(7).load(), false)))
        .isEqualTo("http_endpoint");
    assertThat(fault(new NodeReport("h", 7, "h:1", "", null, false))).isEqualTo("node");
    var device = new NodeLoad.DeviceLoad(1, "d", 1, 0, 0);
    assertThat(
            fault(
                new NodeReport(
                    "a",
                    7,
                    "h:1",
                    "",
                    new NodeLoad.AgentLoad(List.of(device, device), List.of()),
                    false)))
        .isEqualTo("agent.devices.index");
    assertThat(engine.view(0).nodes()).isEmpty();
  }

  @Test
  void contradictorySettings_areRefused() {
    assertThatThrownBy(() -> new RegistrySettings(200 * MS, 100 * MS, 300 * MS, 0))
        .hasMessageContaining("liveness timeout 200 ms");
    assertThatThrownBy(() -> new RegistrySettings(500 * MS, 100 * MS, 100 * MS, 0))
        .hasMessageContaining("recovery window 100 ms");
    assertThatThrownBy(() -> RegistrySettings.derivedFrom(0, 0)).hasMessageContaining("interval");
    assertThatThrownBy(() -> new RegistrySettings(500 * MS, 100 * MS, 300 * MS, -1))
        .hasMessageContaining("retention");
    assertThat(RegistrySettings.derivedFrom(5000 * MS, 0).recoveryWindowNanos())
        .isEqualTo(3000 * MS);
  }

  private String fault(NodeReport report) {
    long streamId = 100_000 + now++;
    List<RegistryEffect> effects = register(streamId, report);
    return effects.getFirst() instanceof RefuseStream refuse
            && refuse.refusal() instanceof Refusal.Malformed malformed
        ? malformed.field()
        : effects.toString();
  }

  private List<RegistryEffect> register(long streamId, NodeReport report) {
    engine.step(now * MS, new StreamOpened(streamId));
    return report(streamId, report);
  }

  private List<RegistryEffect> report(long streamId, NodeReport report) {
    return engine.step(now * MS, new ReportReceived(streamId, report));
  }

  private List<RegistryEffect> at(long millis, RegistryInput input) {
    now = millis;
    return engine.step(millis * MS, input);
  }

  private void ticks(long fromMillis, long toMillis) {
    ticks(fromMillis, toMillis, 0);
  }

  /** Ticks each millisecond; the node of that stream goes on reporting. */
  private void ticks(long fromMillis, long toMillis, long reportingStream) {
    for (long millis = fromMillis; millis <= toMillis; millis++) {
      at(millis, new Tick());
      if (reportingStream != 0 && millis % 100 == 0) {
        report(reportingStream, host(7));
      }
    }
  }

  private NodeState state(NodeKey key) {
    return engine.node(key, now * MS).orElseThrow().state();
  }

  private static List<NodeChanged> changes(List<RegistryEffect> effects) {
    return effects.stream()
        .filter(NodeChanged.class::isInstance)
        .map(NodeChanged.class::cast)
        .toList();
  }

  private static RegistryUpdate update(List<RegistryEffect> effects) {
    return effects.stream()
        .filter(SendUpdate.class::isInstance)
        .map(each -> ((SendUpdate) each).update())
        .reduce((first, second) -> second)
        .orElseThrow();
  }

  private static NodeReport host(long bootToken) {
    return host(HOST.nodeId(), bootToken);
  }

  private static NodeReport host(String id, long bootToken) {
    return new NodeReport(
        id, bootToken, "h:1", "h:2", new NodeLoad.HostLoad(1, 0, 0, 10, 5), false);
  }

  private static NodeReport agent(long bootToken) {
    return new NodeReport(
        AGENT.nodeId(), bootToken, "a:1", "", new NodeLoad.AgentLoad(List.of(), List.of()), false);
  }
}
