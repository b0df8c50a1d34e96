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
import dev.fenceline.query.v1.GetHostRequest;
import dev.fenceline.query.v1.GetInvalidationRequest;
import dev.fenceline.query.v1.ListInvalidationsRequest;
import dev.fenceline.query.v1.ListSessionsRequest;
import dev.fenceline.query.v1.SessionInfo;
import dev.fenceline.space.v1.OperationReply;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Leases, reattachment and late messages over loopback; time passes when the test says so. */
class SessionOverGrpcTest {
  private static final Duration TTL = Duration.ofSeconds(2);
  private static final long PATIENCE_SECONDS = 60;

  private HostUnderTest host;
  private FakeAgent agent;
  private long space;

  @BeforeEach
  void start() throws IOException {
    host = HostUnderTest.startStanding(TTL, 1024);
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
    ListenableFuture<OperationReply> unmap = unmapLater();
    agent.awaitInvalidate();
    host.advance(host.runtime().settings().leases().expiryNanos() - 1);
    assertThat(pendingInvalidations()).as("the lease has not ended").isEqualTo(1);
    long left = host.runtime().settings().leases().fenceBoundNanos();
    host.advance(left - host.runtime().settings().leases().expiryNanos() + 1);
    assertThat(ended(unmap).getOutcome()).isEqualTo(OperationReply.Outcome.OUTCOME_DONE);
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
    agent.awaitInvalidate();
    int heartbeats = 0;
    while (agent.ended() == null) {
      assertThat(heartbeats++).as("heartbeats, ten in a lease").isLessThan(20);
      heartbeatThatIsTakenIn();
      host.advance(TTL.toNanos() / 10);
    }
    assertThat(heartbeats).as("until the fence was overdue, they counted").isGreaterThan(10);
    assertThat(onlyFence(ended(unmap).getInvalidationId()).getResolution())
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
    assertThat(ended(unmap).getOutcome()).isEqualTo(OperationReply.Outcome.OUTCOME_DONE);
    assertThat(agent.sessionId()).isNotEqualTo(before);
    assertThat(onlyFence(ended(unmap).getInvalidationId()).getResolution())
        .isEqualTo(FenceResolution.FENCE_RESOLUTION_REATTACHED);
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
      assertThat(agent.ended()).isNull();
      host.outliveLeases();
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
    for (int beat = 1; beat <= 30; beat++) { // three leases
      long number = beat;
      agent.heartbeat();
      agent.await(HostMessage.HeartbeatAck.class, ack -> ack.number() == number);
      host.advance(TTL.toNanos() / 10);
    }
    assertThat(agent.ended()).isNull();
    assertThat(host.runtime().sessions().sessionCount()).isEqualTo(1);
    host.outliveLeases();
    agent.awaitEnd();
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
    assertThat(pending.getInvalidations(0).getFences(0).getDiagnosis())
        .contains("stream broken since", "lease ends in");
  }

  /** A fault behind it on the stream is answered, unless the session has ended. */
  private void heartbeatThatIsTakenIn() {
    agent.heartbeat();
    long behind = agent.faultLater(1, BASE + HostUnderTest.PAGE, 1, Access.READ);
    HostUnderTest.await(
        "an answer behind the heartbeat",
        () ->
            agent.ended() != null
                || agent.received().stream()
                    .anyMatch(
                        m ->
                            m instanceof HostMessage.FaultReply reply
                                && reply.faultId() == behind));
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

  private static OperationReply ended(ListenableFuture<OperationReply> unmap) throws Exception {
    return unmap.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private int pendingInvalidations() {
    return host.queries()
        .getHost(GetHostRequest.getDefaultInstance())
        .getPendingInvalidationCount();
  }

  private FenceInfo onlyFence(long invalidation) {
    var info =
        host.queries()
            .getInvalidation(
                GetInvalidationRequest.newBuilder().setInvalidationId(invalidation).build());
    assertThat(info.getFencesCount()).isEqualTo(1);
    return info.getFences(0);
  }

  private void awaitState(SessionInfo.State state) {
    HostUnderTest.await(
        "a session that is " + state,
        () ->
            host.queries()
                    .listSessions(ListSessionsRequest.getDefaultInstance())
                    .getSessions(0)
                    .getState()
                == state);
  }
}
