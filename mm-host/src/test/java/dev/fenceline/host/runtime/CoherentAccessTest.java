package dev.fenceline.host.runtime;

import static dev.fenceline.host.runtime.RuntimeFixture.BASE;
import static dev.fenceline.host.runtime.RuntimeFixture.BOUND;
import static dev.fenceline.host.runtime.RuntimeFixture.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.concurrent.PeerConnector;
import dev.fenceline.concurrent.TransferStream;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaReply.Outcome;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The CPU's accesses to the memory of a coherent device whose agent answers by hand. */
class CoherentAccessTest {
  private static final long WORD = 0x1122_3344_5566_7788L;

  /** Requests as they arrive at the agent, and the stream on which they did. */
  private record Asked(DmaRequest request, TransferStream.Listener listener) {
    void answer(Outcome outcome, byte[] data, long previous) {
      listener.replied(new DmaReply(request.requestId(), outcome, data, previous, "by hand"));
    }
  }

  private final BlockingQueue<Asked> asked = new ArrayBlockingQueue<>(64);

  private final PeerConnector connector =
      (target, hostId, listener) ->
          new TransferStream() {
            @Override
            public void send(DmaRequest request) {
              asked.add(new Asked(request, listener));
            }

            @Override
            public void close(String reason) {}
          };

  private RuntimeFixture fixture;
  private FakeAgentStream agent;

  @BeforeEach
  void start() {
    fixture = new RuntimeFixture(256, connector);
    fixture.map(BASE, 4, Protection.READ_WRITE);
    agent = fixture.agent("owner", new DeviceDescription(0, "owner-0", 1, 16, "", true));
    agent.mirror(1, fixture.space, BASE, BASE + 4 * PAGE);
    agent.acknowledging(true);
    CompletableFuture<OperationOutcome> moved =
        fixture.submit(
            new SpaceOperation.MigrateToDevice(
                fixture.space, BASE, PAGE, new DeviceId("owner", 0), null),
            WaitPolicy.BLOCK);
    HostMessage.MigrateIn in = agent.last(HostMessage.MigrateIn.class);
    agent.send(
        new AgentMessage.MigrationReport(
            in.migrationId(), List.of(new MigrationRun.Report(1, MigrationRun.Outcome.DONE, 7))));
    assertThat(((OperationOutcome.Done) moved.join()).value()).isEqualTo(1);
  }

  @AfterEach
  void stop() {
    fixture.close();
  }

  private CompletableFuture<CpuOutcome> add(long boundNanos) {
    return CompletableFuture.supplyAsync(
        () -> fixture.host.cpu().getAndAdd(fixture.space, BASE, 5, boundNanos));
  }

  private CompletableFuture<CpuOutcome> read(byte[] into) {
    return CompletableFuture.supplyAsync(
        () -> fixture.host.cpu().read(fixture.space, BASE, into, BOUND));
  }

  private static Errno errno(CompletableFuture<CpuOutcome> access) {
    return ((CpuOutcome.Refused) access.join()).errno();
  }

  @Test
  void atomic_isTheOwnersToDo_underTheGenerationOfThePage() throws InterruptedException {
    CompletableFuture<CpuOutcome> access = add(BOUND);

    Asked first = asked.take();
    assertThat(first.request().operation()).isEqualTo(DmaRequest.Operation.FETCH_ADD);
    assertThat(first.request().operand()).isEqualTo(5);
    assertThat(first.request().hostEpoch()).isEqualTo(agent.epoch());
    int committed = agent.last(HostMessage.MigrationCommit.class).runs().getFirst().generation();
    assertThat(first.request().generations()).containsExactly(committed);
    first.answer(Outcome.DONE, new byte[0], WORD);

    assertThat(access.join()).isEqualTo(new CpuOutcome.Done(WORD));
  }

  @Test
  void ownerWithoutATranslation_isAskedAgain() throws InterruptedException {
    byte[] into = new byte[8];
    CompletableFuture<CpuOutcome> access = read(into);
    asked.take().answer(Outcome.STALE_PAGE, new byte[0], 0);
    asked.take().answer(Outcome.STALE_SESSION, new byte[0], 0);
    asked.take().answer(Outcome.DONE, new byte[] {1, 2, 3, 4, 5, 6, 7, 8}, 0);

    assertThat(access.join()).isEqualTo(CpuOutcome.DONE);
    assertThat(into).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
  }

  @Test
  void brokenWay_aReadBeginsAgain_aWriteIsInDoubt() throws InterruptedException {
    CompletableFuture<CpuOutcome> reading = read(new byte[8]);
    asked.take().listener().ended("cut");
    asked.take().answer(Outcome.DONE, new byte[8], 0);
    assertThat(reading.join()).isEqualTo(CpuOutcome.DONE);

    CompletableFuture<CpuOutcome> adding = add(BOUND);
    asked.take().listener().ended("cut");

    assertThat(errno(adding)).isEqualTo(Errno.UNAVAILABLE);
    assertThat(asked).as("it is not done twice").isEmpty();
  }

  /** INV-6: the fence of the CPU resolves although its access has not ended. */
  @Test
  void silentOwner_holdsUpNobody_andItsLateAnswerCounts() throws InterruptedException {
    CompletableFuture<CpuOutcome> access = add(BOUND);
    Asked slow = asked.take();

    CompletableFuture<OperationOutcome> invalidated =
        fixture.submit(new SpaceOperation.Invalidate(fixture.space, BASE, PAGE), WaitPolicy.BLOCK);
    assertThat(invalidated).as("the access is announced").isNotDone();
    assertThat(invalidated.join()).isInstanceOf(OperationOutcome.Done.class);

    assertThat(access).isNotDone();
    slow.answer(Outcome.DONE, new byte[0], WORD);
    assertThat(access.join()).isEqualTo(new CpuOutcome.Done(WORD));
  }

  @Test
  void silentOwner_leavesAWriteInDoubtAtTheBound() throws InterruptedException {
    CompletableFuture<CpuOutcome> access = add(700_000_000);
    asked.take();

    assertThat(errno(access)).isEqualTo(Errno.ETIME);
  }

  @Test
  void deviceThatIsGone_tookThePageAlong() throws InterruptedException {
    CompletableFuture<CpuOutcome> access = add(BOUND);
    Asked last = asked.take();
    agent.send(new AgentMessage.Leave());
    last.listener().ended("gone");

    assertThat(errno(access)).isEqualTo(Errno.DATA_LOSS);
  }
}
