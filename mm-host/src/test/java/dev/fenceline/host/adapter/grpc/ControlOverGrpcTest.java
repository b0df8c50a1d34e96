package dev.fenceline.host.adapter.grpc;

import static dev.fenceline.host.adapter.grpc.HostUnderTest.BASE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fenceline.common.v1.FenceResolution;
import dev.fenceline.common.v1.NotificationMode;
import dev.fenceline.common.v1.WaitPolicy;
import dev.fenceline.control.v1.AgentStanding;
import dev.fenceline.control.v1.GetHostPolicyRequest;
import dev.fenceline.control.v1.HostControlServiceGrpc;
import dev.fenceline.control.v1.HostPolicy;
import dev.fenceline.control.v1.ListStandingsRequest;
import dev.fenceline.control.v1.QuarantineAgentRequest;
import dev.fenceline.control.v1.ReturnAgentRequest;
import dev.fenceline.control.v1.SetHostPolicyRequest;
import dev.fenceline.model.Access;
import dev.fenceline.model.HostMessage;
import dev.fenceline.query.v1.GetSpaceRequest;
import dev.fenceline.query.v1.InvalidationInfo;
import dev.fenceline.query.v1.ListInvalidationsRequest;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Quarantine, return and policies over loopback. */
class ControlOverGrpcTest {
  private HostUnderTest host;
  private ManagedChannel channel;

  @BeforeEach
  void start() throws IOException {
    host = HostUnderTest.startStanding(Duration.ofSeconds(2), 64);
    channel = host.dial();
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    host.close();
  }

  @Test
  void quarantinedAgent_losesItsStream_andItsFenceResolvesByLease_andItReturns() {
    long space = host.createSpace();
    host.map(space, 4);
    try (FakeAgent agent = new FakeAgent(host, "agent-1", 11).attach()) {
      agent.acknowledging(false);
      agent.mirror(1, space, 0, BASE, 4);
      agent.fault(1, BASE, 1, Access.WRITE);
      var unmap =
          host.spacesLater().unmap(HostUnderTest.unmap(space, 1, WaitPolicy.Mode.MODE_BLOCK));
      agent.awaitInvalidate();

      AgentStanding standing = quarantine("agent-1", 0);
      assertThat(standing.getState()).isEqualTo(AgentStanding.State.STATE_QUARANTINED);
      assertThat(standing.getByOperator()).isTrue();
      assertThat(standing.getReason()).isEqualTo("maintenance");
      agent.awaitEnd();
      agent.hello();
      HostMessage.Refusal refusal = agent.await(HostMessage.Refusal.class, any -> true);
      assertThat(refusal.reason()).isEqualTo(HostMessage.RefusalReason.QUARANTINED);
      assertThat(refusal.retryAfterNanos()).isPositive();

      assertThat(unmap.isDone()).isFalse();
      host.outliveLeases();
      HostUnderTest.await("the unmap", unmap::isDone);
      InvalidationInfo ended =
          host.queries()
              .listInvalidations(ListInvalidationsRequest.newBuilder().setSpaceId(space).build())
              .getInvalidations(0);
      assertThat(ended.getFences(0).getResolution())
          .isEqualTo(FenceResolution.FENCE_RESOLUTION_LEASE_EXPIRED);
      assertThat(host.runtime().sessions().quarantinedAgents()).containsExactly("agent-1");
      assertThat(
              control().listStandings(ListStandingsRequest.getDefaultInstance()).getStandingsList())
          .hasSize(1);

      returnAgent("agent-1");
      assertThat(host.runtime().sessions().quarantinedAgents()).isEmpty();
      agent.attach();
    }
  }

  @Test
  void whatIsSoAlready_isAnsweredByTheState() {
    assertThat(returnAgent("nobody").getState()).isEqualTo(AgentStanding.State.STATE_HEALTHY);
    quarantine("ghost", 60_000_000_000L);
    AgentStanding again = quarantine("ghost", 60_000_000_000L);
    assertThat(again.getState()).isEqualTo(AgentStanding.State.STATE_QUARANTINED);
    assertThat(again.getHoldLeftNanos()).isBetween(1L, 60_000_000_000L);
  }

  @Test
  void policy_isSet_andRulesNewSpaces() {
    HostPolicy before = control().getHostPolicy(GetHostPolicyRequest.getDefaultInstance());
    assertThat(before.getQuarantineStrikes()).isEqualTo(3);
    HostPolicy wanted =
        before.toBuilder()
            .setQuarantineStrikes(0)
            .setDefaultNotificationMode(NotificationMode.NOTIFICATION_MODE_SEQUENTIAL)
            .build();
    assertThat(set(wanted)).isEqualTo(wanted);
    assertThat(control().getHostPolicy(GetHostPolicyRequest.getDefaultInstance()))
        .isEqualTo(wanted);
    long space = host.createSpace();
    assertThat(
            host.queries()
                .getSpace(GetSpaceRequest.newBuilder().setSpaceId(space).build())
                .getNotificationMode())
        .isEqualTo(NotificationMode.NOTIFICATION_MODE_SEQUENTIAL);
  }

  @Test
  void nonsense_isRefused_namingTheField() {
    HostPolicy policy = control().getHostPolicy(GetHostPolicyRequest.getDefaultInstance());
    refused("quarantine_strikes", () -> set(policy.toBuilder().setQuarantineStrikes(-1).build()));
    refused(
        "quarantine_hold_nanos",
        () -> set(policy.toBuilder().setQuarantineHoldNanos(601_000_000_000L).build()));
    refused("policy", () -> control().setHostPolicy(SetHostPolicyRequest.getDefaultInstance()));
    refused("agent id", () -> quarantine("a/b", 0));
    refused("hold_nanos", () -> quarantine("a", -1));
    refused(
        "reason",
        () ->
            control()
                .quarantineAgent(
                    QuarantineAgentRequest.newBuilder()
                        .setAgentId("a")
                        .setReason("x".repeat(257))
                        .build()));
  }

  private static void refused(String naming, Runnable call) {
    StatusRuntimeException refused = catchThrowableOfType(StatusRuntimeException.class, call::run);
    assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(HostUnderTest.detail(refused).getMessage()).contains(naming);
  }

  private HostPolicy set(HostPolicy policy) {
    return control().setHostPolicy(SetHostPolicyRequest.newBuilder().setPolicy(policy).build());
  }

  private AgentStanding quarantine(String agent, long holdNanos) {
    return control()
        .quarantineAgent(
            QuarantineAgentRequest.newBuilder()
                .setAgentId(agent)
                .setReason("maintenance")
                .setHoldNanos(holdNanos)
                .build());
  }

  private AgentStanding returnAgent(String agent) {
    return control().returnAgent(ReturnAgentRequest.newBuilder().setAgentId(agent).build());
  }

  private HostControlServiceGrpc.HostControlServiceBlockingStub control() {
    return HostControlServiceGrpc.newBlockingStub(channel);
  }
}
