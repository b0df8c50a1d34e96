package dev.fenceline.host.adapter.grpc;

import static dev.fenceline.host.adapter.grpc.HostUnderTest.BASE;
import static dev.fenceline.host.adapter.grpc.HostUnderTest.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.common.v1.WaitPolicy;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.runtime.HostObserver;
import dev.fenceline.model.Access;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.HostMessage;
import dev.fenceline.space.v1.OperationReply;
import dev.fenceline.transfer.v1.DmaReplyBatch;
import dev.fenceline.transfer.v1.DmaRequestBatch;
import dev.fenceline.transfer.v1.TransferServiceGrpc;
import dev.fenceline.wire.DmaCodec;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** An agent that does not read its stream. */
class SlowReaderTest {
  private static final int INVALIDATIONS = 1_500;

  private final AtomicInteger collapsed = new AtomicInteger();

  private final HostObserver observer =
      new HostObserver() {
        @Override
        public void outboundCollapsed(int messages) {
          collapsed.addAndGet(messages);
        }
      };

  @Test
  void laggingAgent_getsCoarserInvalidations_andEachFenceResolves() throws IOException {
    try (HostUnderTest host = HostUnderTest.start(1024, observer);
        FakeAgent agent = new FakeAgent(host, "slow", 3)) {
      long space = host.createSpace();
      host.map(space, 512);
      agent.attach();
      agent.mirror(1, space, 0, BASE, 512);
      for (int page = 0; page < 512; page += 2) {
        agent.fault(1, BASE + (long) page * PAGE, 1, Access.WRITE);
      }
      agent.reading(false);
      // Answers of 512 runs each fill what the transport takes for a reader that is away.
      for (int i = 0; i < 600; i++) {
        agent.faultLater(1, BASE, 512, Access.SNAPSHOT);
      }
      HostUnderTest.await(
          "a queue at the host", () -> host.runtime().sessions().outboundDepth() > 100);
      for (int i = 0; i < INVALIDATIONS; i++) {
        CompletableFuture<OperationOutcome> ended = new CompletableFuture<>();
        host.runtime()
            .submit(
                new SpaceOperation.Invalidate(space, BASE + (long) (i % 256) * 2 * PAGE, PAGE),
                dev.fenceline.model.WaitPolicy.TRY,
                ended::complete);
        assertThat(ended.join()).isInstanceOf(OperationOutcome.BackedOff.class);
      }
      assertThat(collapsed.get()).isPositive();
      assertThat(host.runtime().sessions().outboundDepth()).isLessThan(INVALIDATIONS);

      agent.reading(true);
      assertThat(
              host.spaces()
                  .unmap(HostUnderTest.unmap(space, 512, WaitPolicy.Mode.MODE_BLOCK))
                  .getOutcome())
          .isEqualTo(OperationReply.Outcome.OUTCOME_DONE);
      assertThat(agent.received())
          .filteredOn(HostMessage.Invalidate.class::isInstance)
          .hasSizeLessThan(INVALIDATIONS)
          .anyMatch(m -> ((HostMessage.Invalidate) m).invalidationIds().size() > 100);
      assertThat(host.runtime().pool().available()).isEqualTo(host.runtime().pool().total());
    }
  }

  @Test
  void readerOfNoDmaAnswers_isNotReadEither_andLosesNone() throws Exception {
    try (HostUnderTest host = HostUnderTest.start(1024, observer);
        FakeAgent agent = new FakeAgent(host, "slow", 3)) {
      long space = host.createSpace();
      host.map(space, 16);
      agent.attach();
      agent.mirror(1, space, 0, BASE, 16);
      int generation = agent.fault(1, BASE, 1, Access.WRITE).runs().getFirst().generation();
      DmaRequestBatch sixteenReads = reads(agent, space, generation);
      NonReader answers = new NonReader();
      ManagedChannel channel = host.dial();
      try {
        TransferServiceGrpc.newStub(channel).transfer(answers);
        int sent = 0;
        long quietSince = System.nanoTime();
        while (sent == 0 || System.nanoTime() - quietSince < Duration.ofSeconds(1).toNanos()) {
          if (answers.requests.isReady()) {
            answers.requests.onNext(sixteenReads);
            sent++;
            quietSince = System.nanoTime();
            assertThat(sent).as("batches asked for and not read").isLessThan(50_000);
          } else {
            LockSupport.parkNanos(100_000);
          }
        }
        assertThat(answers.count.get()).isZero();
        answers.requests.request(Integer.MAX_VALUE);
        int all = 16 * sent;
        HostUnderTest.await("every answer", () -> answers.count.get() == all);
      } finally {
        channel.shutdownNow();
      }
    }
  }

  private static DmaRequestBatch reads(FakeAgent agent, long space, int generation) {
    DmaRequestBatch.Builder batch = DmaRequestBatch.newBuilder();
    for (int i = 0; i < 16; i++) {
      batch.addRequests(
          DmaCodec.encode(
              new DmaRequest(
                  i,
                  HostUnderTest.EPOCH,
                  agent.sessionId(),
                  space,
                  0,
                  BASE,
                  PAGE,
                  DmaRequest.Operation.READ,
                  new int[] {generation},
                  new byte[0],
                  0,
                  0)));
    }
    return batch.build();
  }

  /** Asks for nothing until it is told to. */
  private static final class NonReader
      implements ClientResponseObserver<DmaRequestBatch, DmaReplyBatch> {
    final AtomicInteger count = new AtomicInteger();
    volatile ClientCallStreamObserver<DmaRequestBatch> requests;

    @Override
    public void beforeStart(ClientCallStreamObserver<DmaRequestBatch> stream) {
      stream.disableAutoRequestWithInitial(0);
      requests = stream;
    }

    @Override
    public void onNext(DmaReplyBatch batch) {
      count.addAndGet(batch.getRepliesCount());
    }

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }
}
