package dev.fenceline.coordinator.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.coordinator.engine.NodeLoad.AgentLoad;
import dev.fenceline.coordinator.engine.NodeLoad.DeviceLoad;
import dev.fenceline.coordinator.engine.query.FenceDiagnosis;
import dev.fenceline.coordinator.engine.query.FenceDiagnosis.Cause;
import dev.fenceline.coordinator.engine.query.Invalidation;
import dev.fenceline.coordinator.engine.query.Session;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.InvalidationKind;
import dev.fenceline.model.NotificationMode;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FenceDiagnosisTest {
  @Test
  void whatHostAndRegistrySay_isTheCause() {
    assertThat(cause(attached(false), NodeState.LIVE, "active")).isEqualTo(Cause.IN_FLIGHT);
    assertThat(cause(attached(true), NodeState.LIVE, "active")).isEqualTo(Cause.OVERDUE);
    assertThat(cause(attached(true), NodeState.LIVE, "draining")).isEqualTo(Cause.DRAINING);
    assertThat(cause(attached(true), NodeState.SUSPECT, "active")).isEqualTo(Cause.FROZEN);
    assertThat(cause(detached(), NodeState.LIVE, "active")).isEqualTo(Cause.PARTITIONED);
    assertThat(cause(detached(), NodeState.LOST, "active")).isEqualTo(Cause.GONE);
    assertThat(cause(List.of(), NodeState.LOST, "active")).isEqualTo(Cause.GONE);
  }

  @Test
  void lease_saysWhenTheHostGivesUp() {
    FenceDiagnosis.Late late = late(detached(), NodeState.LIVE, "active");
    assertThat(late.leaseLeftNanos()).isEqualTo(400_000_000);
    assertThat(late.next()).contains("declares the agent dead in 400 ms");
    assertThat(late(List.of(), NodeState.LIVE, "active").leaseLeftNanos()).isEqualTo(-1);
  }

  private static Cause cause(List<Session> sessions, NodeState state, String standing) {
    return late(sessions, state, standing).cause();
  }

  private static FenceDiagnosis.Late late(
      List<Session> sessions, NodeState state, String standing) {
    NodeView agent =
        new NodeView(
            new NodeKey(NodeKind.AGENT, "agent-1"),
            1,
            "a:1",
            "",
            state,
            "silent",
            0,
            0,
            0,
            new AgentLoad(List.of(new DeviceLoad(0, "gpu", 1, 0, 0, standing)), List.of()));
    return FenceDiagnosis.of(pending(), sessions, id -> Optional.of(agent)).late().getFirst();
  }

  private static List<Session> attached(boolean overdue) {
    return List.of(new Session("agent-1", 1, 1, true, 400_000_000, 1, overdue, List.of()));
  }

  private static List<Session> detached() {
    return List.of(new Session("agent-1", 1, 1, false, 400_000_000, 1, true, List.of()));
  }

  private static Invalidation pending() {
    return new Invalidation(
        1,
        1,
        0x1000,
        0x2000,
        InvalidationKind.UNMAP,
        NotificationMode.SPLIT,
        Invalidation.State.WAITING,
        1,
        0,
        0,
        0,
        0,
        List.of(new Invalidation.Fence(new DeviceId("agent-1", 0), "gpu", null, 5, "")));
  }
}
