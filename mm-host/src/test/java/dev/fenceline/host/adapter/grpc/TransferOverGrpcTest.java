package dev.fenceline.host.adapter.grpc;

import static dev.fenceline.host.adapter.grpc.HostUnderTest.BASE;
import static dev.fenceline.host.adapter.grpc.HostUnderTest.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.model.Access;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.transfer.v1.DmaRequestBatch;
import dev.fenceline.wire.DmaCodec;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** DMA streams over loopback. */
class TransferOverGrpcTest {
  private static final int PAGES = 64;

  private HostUnderTest host;
  private FakeAgent agent;
  private long space;
  private int generation;

  @BeforeEach
  void start() throws IOException {
    host = HostUnderTest.start(256);
    space = host.createSpace();
    host.map(space, PAGES);
    agent = new FakeAgent(host, "agent-1", 11).attach();
    agent.mirror(1, space, 0, BASE, PAGES);
    var runs = agent.fault(1, BASE, PAGES, Access.WRITE).runs();
    assertThat(runs).hasSize(1);
    generation = runs.get(0).generation();
  }

  @AfterEach
  void stop() {
    agent.close();
    host.close();
  }

  @Test
  void largeBatch_isAnsweredInOrder_inMessagesThatAReceiverTakes() {
    DmaRequestBatch.Builder batch = DmaRequestBatch.newBuilder();
    int requests = 100; // 6.4 MB of answers, more than a client takes in one message
    for (int i = 0; i < requests; i++) {
      batch.addRequests(DmaCodec.encode(request(i, DmaRequest.Operation.READ, BASE, 65_536)));
    }
    agent.sendDma(batch.build());
    for (int i = 0; i < requests; i++) {
      DmaReply reply = agent.awaitDma();
      assertThat(reply.requestId()).isEqualTo(i);
      assertThat(reply.outcome()).isEqualTo(DmaReply.Outcome.DONE);
      assertThat(reply.data()).hasSize(65_536);
    }
  }

  @Test
  void requestsOfOneBatch_seeEachOther() {
    agent.sendDma(
        DmaRequestBatch.newBuilder()
            .addRequests(DmaCodec.encode(atomic(1, DmaRequest.Operation.FETCH_ADD, 5, 0)))
            .addRequests(DmaCodec.encode(atomic(2, DmaRequest.Operation.COMPARE_AND_SET, 9, 5)))
            .addRequests(DmaCodec.encode(atomic(3, DmaRequest.Operation.COMPARE_AND_SET, 1, 5)))
            .addRequests(DmaCodec.encode(request(4, DmaRequest.Operation.READ, BASE, 8)))
            .build());
    assertThat(agent.awaitDma().previous()).isZero();
    assertThat(agent.awaitDma().previous()).isEqualTo(5);
    assertThat(agent.awaitDma().previous()).isEqualTo(9);
    assertThat(agent.awaitDma().data()).containsExactly(9, 0, 0, 0, 0, 0, 0, 0);
  }

  @Test
  void readOnlyPage_isNotWritten() {
    host.map(space, BASE + 100 * PAGE, 1);
    agent.mirror(2, space, 0, BASE + 100 * PAGE, 1);
    int zero = agent.fault(2, BASE + 100 * PAGE, 1, Access.READ).runs().get(0).generation();
    assertThat(agent.write(space, BASE + 100 * PAGE, new byte[] {1}, zero).outcome())
        .isEqualTo(DmaReply.Outcome.READ_ONLY);
    assertThat(agent.read(space, BASE + 100 * PAGE, 1, zero).data()).containsExactly(0);
  }

  private DmaRequest atomic(long id, DmaRequest.Operation operation, long operand, long expected) {
    return new DmaRequest(
        id,
        HostUnderTest.EPOCH,
        agent.sessionId(),
        space,
        0,
        BASE,
        8,
        operation,
        new int[] {generation},
        new byte[0],
        operand,
        expected);
  }

  private DmaRequest request(long id, DmaRequest.Operation operation, long address, int length) {
    int[] generations = new int[length <= PAGE ? 1 : length / PAGE];
    Arrays.fill(generations, generation);
    return new DmaRequest(
        id,
        HostUnderTest.EPOCH,
        agent.sessionId(),
        space,
        0,
        address,
        length,
        operation,
        generations,
        new byte[0],
        0,
        0);
  }
}
