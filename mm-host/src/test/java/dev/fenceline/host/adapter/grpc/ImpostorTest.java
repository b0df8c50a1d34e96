package dev.fenceline.host.adapter.grpc;

import static dev.fenceline.host.adapter.grpc.HostUnderTest.BASE;
import static dev.fenceline.host.adapter.grpc.HostUnderTest.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.ListenableFuture;
import dev.fenceline.common.v1.WaitPolicy;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.HostMessage;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.TestAuthority;
import dev.fenceline.security.TransportSecurity;
import dev.fenceline.space.v1.AddressSpaceServiceGrpc;
import dev.fenceline.space.v1.CreateSpaceRequest;
import dev.fenceline.space.v1.OperationReply;
import dev.fenceline.transfer.v1.DmaReplyBatch;
import dev.fenceline.transfer.v1.DmaRequestBatch;
import dev.fenceline.transfer.v1.TransferServiceGrpc;
import dev.fenceline.wire.DmaCodec;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Agents with good certificates that act for others, over real mTLS connections. */
class ImpostorTest {
  private final List<AutoCloseable> opened = new ArrayList<>();
  private TestAuthority authority;
  private HostUnderTest host;

  @BeforeEach
  void start(@TempDir Path directory) throws IOException {
    authority = new TestAuthority(directory);
    host =
        HostUnderTest.startSecured(
            security(PeerRole.HOST, "host-under-test"), security(PeerRole.CLIENT, "tester"));
    opened.add(host);
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  @Test
  void agentWithItsOwnCertificate_attachesAndMovesBytes() {
    FakeAgent agent = agent("agent-1", "agent-1").attach();
    long space = spaceWithPages();
    agent.mirror(1, space, 0, BASE, 4);
    int generation = agent.fault(1, BASE, 1, Access.WRITE).runs().getFirst().generation();
    byte[] data = {1, 2, 3, 4, 5, 6, 7, 8};
    assertThat(agent.write(space, BASE, data, generation).outcome())
        .isEqualTo(DmaReply.Outcome.DONE);
    assertThat(host.read(space, BASE, 8)).isEqualTo(data);
  }

  @Test
  void certificateForAnyAgent_attachesUnderEachName() {
    assertThat(agent("*", "agent-7").attach().sessionId()).isNotZero();
    assertThat(agent("*", "agent-8").attach().sessionId()).isNotZero();
  }

  @Test
  void helloUnderAnotherName_isRefused_andTheOtherIsNotDisturbed() {
    FakeAgent victim = agent("agent-1", "agent-1").attach();
    FakeAgent impostor = agent("agent-2", "agent-1").hello();
    Status end = impostor.awaitEnd();
    assertThat(end.getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
    assertThat(end.getDescription())
        .isEqualTo("the certificate of agent/agent-2 does not speak for agent/agent-1");
    victim.heartbeat();
    victim.await(HostMessage.HeartbeatAck.class, any -> true);
    assertThat(host.runtime().sessions().sessionCount()).isEqualTo(1);
  }

  @Test
  void acknowledgementForAnothersSession_leavesItsFencePending() throws Exception {
    FakeAgent holder = agent("agent-1", "agent-1").acknowledging(false).attach();
    FakeAgent impostor = agent("agent-2", "agent-2").attach();
    long space = spaceWithPages();
    holder.mirror(1, space, 0, BASE, 4);
    holder.fault(1, BASE, 1, Access.WRITE);
    ListenableFuture<OperationReply> unmap =
        host.spacesLater().unmap(HostUnderTest.unmap(space, 4, WaitPolicy.Mode.MODE_BLOCK));
    HostMessage.Invalidate invalidate = holder.awaitInvalidate();
    impostor.sendAs(
        HostUnderTest.EPOCH,
        holder.sessionId(),
        new AgentMessage.InvalidationAck(0, invalidate.invalidationIds()));
    impostor.send(new AgentMessage.InvalidationAck(0, invalidate.invalidationIds()));
    impostor.heartbeat(); // answered behind both
    impostor.await(HostMessage.HeartbeatAck.class, any -> true);
    host.queries()
        .getHost(dev.fenceline.query.v1.GetHostRequest.getDefaultInstance()); // behind the shards
    assertThat(unmap.isDone()).isFalse();
    holder.acknowledge(invalidate);
    assertThat(unmap.get(30, TimeUnit.SECONDS).getOutcome())
        .isEqualTo(OperationReply.Outcome.OUTCOME_DONE);
  }

  @Test
  void dmaInAnothersSession_endsTheStream_andMovesNothing() throws Exception {
    FakeAgent holder = agent("agent-1", "agent-1").attach();
    long space = spaceWithPages();
    holder.mirror(1, space, 0, BASE, 4);
    int generation = holder.fault(1, BASE, 1, Access.WRITE).runs().getFirst().generation();
    host.write(space, BASE, new byte[] {9});
    DmaRequest theft =
        new DmaRequest(
            1,
            HostUnderTest.EPOCH,
            holder.sessionId(),
            space,
            0,
            BASE,
            PAGE,
            DmaRequest.Operation.READ,
            new int[] {generation},
            new byte[0],
            0,
            0);
    assertThatThrownBy(() -> transfer(security(PeerRole.AGENT, "agent-2"), theft))
        .cause()
        .hasMessage(
            "PERMISSION_DENIED: the certificate of agent/agent-2 does not speak for agent/agent-1");
    assertThat(transfer(security(PeerRole.AGENT, "agent-1"), theft).getOutcome())
        .isEqualTo(dev.fenceline.transfer.v1.DmaReply.Outcome.OUTCOME_DONE);
  }

  @Test
  void clientCannotAttach_andAgentCannotUnmap() {
    FakeAgent client = new FakeAgent(dial(security(PeerRole.CLIENT, "admin")), "agent-1", 5, 1);
    assertThat(client.hello().awaitEnd().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
    assertThatThrownBy(
            () ->
                AddressSpaceServiceGrpc.newBlockingStub(dial(security(PeerRole.AGENT, "agent-1")))
                    .createSpace(CreateSpaceRequest.getDefaultInstance()))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining("PERMISSION_DENIED")
        .hasMessageContaining("may not be called by agent/agent-1");
  }

  /** The first answer on a new transfer stream; fails as the stream does. */
  private dev.fenceline.transfer.v1.DmaReply transfer(TransportSecurity as, DmaRequest request)
      throws Exception {
    CompletableFuture<DmaReplyBatch> answer = new CompletableFuture<>();
    StreamObserver<DmaRequestBatch> requests =
        TransferServiceGrpc.newStub(dial(as))
            .transfer(
                new StreamObserver<>() {
                  @Override
                  public void onNext(DmaReplyBatch batch) {
                    answer.complete(batch);
                  }

                  @Override
                  public void onError(Throwable failure) {
                    answer.completeExceptionally(failure);
                  }

                  @Override
                  public void onCompleted() {}
                });
    requests.onNext(DmaRequestBatch.newBuilder().addRequests(DmaCodec.encode(request)).build());
    return answer.get(30, TimeUnit.SECONDS).getReplies(0);
  }

  private long spaceWithPages() {
    long space = host.createSpace();
    host.map(space, 4);
    return space;
  }

  private FakeAgent agent(String certifiedId, String helloId) {
    FakeAgent agent =
        new FakeAgent(dial(security(PeerRole.AGENT, certifiedId)), helloId, helloId.hashCode(), 1);
    opened.add(agent);
    return agent;
  }

  private ManagedChannel dial(TransportSecurity caller) {
    ManagedChannel channel = host.dial(caller);
    opened.add(channel::shutdownNow);
    return channel;
  }

  private TransportSecurity security(PeerRole role, String id) {
    TransportSecurity security = authority.open(role, id);
    opened.add(security);
    return security;
  }
}
