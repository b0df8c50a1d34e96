package dev.fenceline.coordinator.support;

import dev.fenceline.common.v1.NotificationMode;
import dev.fenceline.control.v1.AgentStanding;
import dev.fenceline.control.v1.GetHostPolicyRequest;
import dev.fenceline.control.v1.HostControlServiceGrpc.HostControlServiceImplBase;
import dev.fenceline.control.v1.HostPolicy;
import dev.fenceline.control.v1.ListStandingsReply;
import dev.fenceline.control.v1.ListStandingsRequest;
import dev.fenceline.control.v1.QuarantineAgentRequest;
import dev.fenceline.control.v1.ReturnAgentRequest;
import dev.fenceline.control.v1.SetHostPolicyRequest;
import io.grpc.stub.StreamObserver;
import java.util.TreeMap;

/** Quarantines and returns agents in memory. Thread-safe. */
public final class FakeHostControl extends HostControlServiceImplBase {
  private final TreeMap<String, AgentStanding> standings = new TreeMap<>();
  private HostPolicy policy =
      HostPolicy.newBuilder()
          .setQuarantineStrikes(3)
          .setQuarantineWindowNanos(60_000_000_000L)
          .setQuarantineHoldNanos(30_000_000_000L)
          .setQuarantineGreatestHoldNanos(600_000_000_000L)
          .setDefaultNotificationMode(NotificationMode.NOTIFICATION_MODE_SPLIT)
          .build();

  @Override
  public synchronized void quarantineAgent(
      QuarantineAgentRequest request, StreamObserver<AgentStanding> reply) {
    AgentStanding standing =
        AgentStanding.newBuilder()
            .setAgentId(request.getAgentId())
            .setState(AgentStanding.State.STATE_QUARANTINED)
            .setReason(request.getReason())
            .setByOperator(true)
            .setHoldLeftNanos(request.getHoldNanos())
            .build();
    standings.put(request.getAgentId(), standing);
    answer(reply, standing);
  }

  @Override
  public synchronized void returnAgent(
      ReturnAgentRequest request, StreamObserver<AgentStanding> reply) {
    standings.remove(request.getAgentId());
    answer(
        reply,
        AgentStanding.newBuilder()
            .setAgentId(request.getAgentId())
            .setState(AgentStanding.State.STATE_HEALTHY)
            .build());
  }

  @Override
  public synchronized void listStandings(
      ListStandingsRequest request, StreamObserver<ListStandingsReply> reply) {
    answer(reply, ListStandingsReply.newBuilder().addAllStandings(standings.values()).build());
  }

  @Override
  public synchronized void getHostPolicy(
      GetHostPolicyRequest request, StreamObserver<HostPolicy> reply) {
    answer(reply, policy);
  }

  @Override
  public synchronized void setHostPolicy(
      SetHostPolicyRequest request, StreamObserver<HostPolicy> reply) {
    policy = request.getPolicy();
    answer(reply, policy);
  }

  private static <T> void answer(StreamObserver<T> reply, T message) {
    reply.onNext(message);
    reply.onCompleted();
  }
}
