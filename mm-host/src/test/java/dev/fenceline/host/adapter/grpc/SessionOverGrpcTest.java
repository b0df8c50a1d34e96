package dev.fenceline.host.adapter.grpc;

import static dev.fenceline.host.adapter.grpc.HostUnderTest.BASE;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.util.concurrent.ListenableFuture;
import dev.fenceline.common.v1.FenceResolution;
import dev.fenceline.common.v1.WaitPolicy;
import dev.fenceline.model.Access;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.HostMessage;
import dev.fenceline.query.v1.FenceInfo;
import dev.fenceline.query.v1.GetInvalidationRequest;
import dev.fenceline.query.v1.ListInvalidationsRequest;
import dev.fenceline.query.v1.ListSessionsRequest;
import dev.fenceline.query.v1.SessionInfo;
import dev.fenceline.space.v1.OperationReply;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Leases, reattachment and late messages over loopback, with leases of 200 ms. */
class SessionOverGrpcTest {
  private static final Duration TTL = Duration.ofMillis(200);

  private HostUnderTest host;
  private FakeAgent agent;
  private long space;

  @BeforeEach
  void start() throws IOException {
    host = HostUnderTest.start(TTL, 1024);
    space = host.createSpace();
    host.map(space, 16);
    agent = new FakeAgent(host, "agent-1", 11);
  }

  @AfterEach
  void stop() {
    agent.close();
    host.close();
  }

  @Test
  void silentAgent_losesItsLease_andItsFenceResolvesWithinTheBound() throws Exception {
    int generation = holdPages();
    long began = System.nanoTime();
    ListenableFuture<OperationReply> unmap = unmapLater();
    assertThat(unmap.get().getOutcome()).isEqualTo(OperationReply.Outcome.OUTCOME_DONE);
    long bound = host.runtime().settings().leases().fenceBoundNanos();
    assertThat(System.nanoTime() - began)
        .as("the bound, and time for a busy machine")
        .isLessThan(bound + Duration.ofSeconds(3).toNanos());
    assertThat(onlyFence(unmap.get().getInvalidationId()).getResolution())
        .isEqualTo(FenceResolution.FENCE_RESOLUTION_LEASE_EXPIRED);
    assertThat(agent.awaitEnd().isOk()).isTrue();
    assertThat(agent.await(HostMessage.Goodbye.class, any -> true).reason()).contains("lease");
    assertThat(agent.read(space, BASE, 8, generation).outcome())
        .as("INV-10: DMA of a dead session")
        .isEqualTo(DmaReply.Outcome.STALE_SESSION);
  }

  @Test
  void agentThatHeartbeatsButDoesNotAck_isNotRenewed_soTheFenceIsBounded() throws Exception {
    holdPages();
    ListenableFuture<OperationReply> unmap = unmapLater();
    HostUnderTest.await(
        "the end of the unmap in spite of heartbeats",
        () -> {
          if (agent.ended() == null) {
            heartbeatAndRest();
          }
          return unmap.isDone();
        });
    assertThat(onlyFence(unmap.get().getInvalidationId()).getResolution())
        .isEqualTo(FenceResolution.FENCE_RESOLUTION_LEASE_EXPIRED);
  }

  @Test
  void brokenStream_keepsItsFences_untilTheAgentSaysHelloAgain() throws Exception {
    holdPages();
    ListenableFuture<OperationReply> unmap = unmapLater();
    agent.awaitInvalidate();
    long before = agent.sessionId();
    agent.breakStream();
    awaitState(SessionInfo.State.STATE_DETACHED);
    agent.attach();
    assertThat(unmap.get().getOutcome()).isEqualTo(OperationReply.Outcome.OUTCOME_DONE);
    assertThat(agent.sessionId()).isNotEqualTo(before);
    assertThat(onlyFence(unmap.get().getInvalidationId()).getResolution())
        .isIn(
            FenceResolution.FENCE_RESOLUTION_REATTACHED,
            // A busy machine may take longer than the lease.
            FenceResolution.FENCE_RESOLUTION_LEASE_EXPIRED);
  }

  @Test
  void secondProcessWithTheSameId_isRefusedWhileTheLeaseLives_thenTaken() {
    agent.attach();
    try (FakeAgent impostor = new FakeAgent(host, "agent-1", 12)) {
      agent.heartbeat();
      impostor.hello();
      HostMessage.Refusal refusal = impostor.await(HostMessage.Refusal.class, any -> true);
      assertThat(refusal.reason()).isEqualTo(HostMessage.RefusalReason.AGENT_ID_TAKEN);
      assertThat(refusal.retryAfterNanos()).isPositive();
      assertThat(impostor.awaitEnd().isOk()).isTrue();
      agent.awaitEnd();
      impostor.attach();
      assertThat(impostor.sessionId()).isNotEqualTo(agent.sessionId());
    }
  }

  @Test
  void sameProcessAgain_takesOverAtOnce_andTheOldStreamIsToldSo() {
    agent.attach();
    try (FakeAgent again = new FakeAgent(host, "agent-1", 11)) {
      again.attach();
      assertThat(agent.awaitEnd()).isEqualTo(Status.OK);
      assertThat(agent.await(HostMessage.Goodbye.class, any -> true).reason())
          .contains("new Hello");
    }
  }

  @Test
  void heartbeats_keepTheLease() {
    agent.attach();
    long until = System.nanoTime() + 3 * TTL.toNanos();
    HostUnderTest.await(
        "three leases",
        () -> {
          heartbeatAndRest();
          return System.nanoTime() > until;
        });
    assertThat(agent.ended()).isNull();
    agent.await(HostMessage.HeartbeatAck.class, ack -> ack.number() > 3);
  }

  @Test
  void agentThatLeaves_owesNothing() {
    holdPages();
    agent.send(new dev.fenceline.model.AgentMessage.Leave());
    agent.awaitEnd();
    assertThat(
            host.spaces()
                .unmap(HostUnderTest.unmap(space, 1, WaitPolicy.Mode.MODE_TRY))
                .getOutcome())
        .isEqualTo(OperationReply.Outcome.OUTCOME_DONE);
  }

  @Test
  void pendingFence_saysWhyItIsLate_andWhatHappensNext() {
    holdPages();
    unmapLater();
    agent.awaitInvalidate();
    agent.breakStream();
    awaitState(SessionInfo.State.STATE_DETACHED);
    var pending =
        host.queries()
            .listInvalidations(
                ListInvalidationsRequest.newBuilder()
                    .setSpaceId(space)
                    .setPendingOnly(true)
                    .build());
    if (pending.getInvalidationsCount() > 0) { // else the lease was quicker than this machine
      assertThat(pending.getInvalidations(0).getFences(0).getDiagnosis())
          .contains("stream broken since", "lease ends in");
    }
  }

  /** A tenth of the lease, as an agent paces itself: unpaced answers would fill the queue. */
  private void heartbeatAndRest() {
    agent.heartbeat();
    LockSupport.parkNanos(TTL.toNanos() / 10);
  }

  private int holdPages() {
    agent.attach();
    agent.mirror(1, space, 0, BASE, 16);
    int generation = agent.fault(1, BASE, 1, Access.WRITE).runs().get(0).generation();
    agent.acknowledging(false);
    return generation;
  }

  private ListenableFuture<OperationReply> unmapLater() {
    return host.spacesLater().unmap(HostUnderTest.unmap(space, 1, WaitPolicy.Mode.MODE_BLOCK));
  }

  private FenceInfo onlyFence(long invalidation) throws ExecutionException {
    var info =
        host.queries()
            .getInvalidation(
                GetInvalidationRequest.newBuilder().setInvalidationId(invalidation).build());
    assertThat(info.getFencesCount()).isEqualTo(1);
    return info.getFences(0);
  }

  private void awaitState(SessionInfo.State state) {
    HostUnderTest.await(
        "a session that is " + state + " or gone",
        () -> {
          var sessions =
              host.queries()
                  .listSessions(ListSessionsRequest.getDefaultInstance())
                  .getSessionsList();
          return sessions.isEmpty() || sessions.get(0).getState() == state;
        });
  }
}
