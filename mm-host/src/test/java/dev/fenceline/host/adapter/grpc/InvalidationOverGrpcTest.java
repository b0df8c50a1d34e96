package dev.fenceline.host.adapter.grpc;

import static dev.fenceline.host.adapter.grpc.HostUnderTest.BASE;
import static dev.fenceline.host.adapter.grpc.HostUnderTest.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.common.v1.WaitPolicy;
import dev.fenceline.model.Access;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.InvalidationKind;
import dev.fenceline.space.v1.OperationReply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The split invalidation, end to end over loopback. */
class InvalidationOverGrpcTest {
  private HostUnderTest host;
  private FakeAgent agent;
  private long space;

  @BeforeEach
  void start() throws IOException {
    host = HostUnderTest.start(Duration.ofSeconds(20), 1024);
    agent = new FakeAgent(host, "agent-1", 11);
    space = host.createSpace();
    host.map(space, 16);
    agent.attach();
    agent.mirror(1, space, 0, BASE, 16);
  }

  @AfterEach
  void stop() {
    agent.close();
    host.close();
  }

  @Test
  void deviceWrites_cpuReadsThem_andTheOtherWayRound() {
    int generation = agent.fault(1, BASE, 2, Access.WRITE).runs().get(0).generation();
    byte[] data = "written by the device".getBytes(StandardCharsets.US_ASCII);
    long address = BASE + PAGE - 5;
    assertThat(agent.write(space, address, data, generation, generation).outcome())
        .isEqualTo(DmaReply.Outcome.DONE);
    assertThat(host.read(space, address, data.length)).isEqualTo(data);

    byte[] back = "written by the CPU".getBytes(StandardCharsets.US_ASCII);
    host.write(space, address, back);
    assertThat(agent.read(space, address, back.length, generation, generation).data())
        .isEqualTo(back);
  }

  @Test
  void unmapOfHeldPages_invalidatesOnce_andEndsWithTheAck() {
    int generation = agent.fault(1, BASE, 4, Access.WRITE).runs().get(0).generation();
    OperationReply reply =
        host.spaces().unmap(HostUnderTest.unmap(space, 4, WaitPolicy.Mode.MODE_BLOCK));
    assertThat(reply.getOutcome()).isEqualTo(OperationReply.Outcome.OUTCOME_DONE);
    assertThat(reply.getFencesWaited()).isEqualTo(1);
    assertThat(reply.getInvalidationId()).isNotZero();

    HostMessage.Invalidate heard = agent.awaitInvalidate();
    assertThat(heard.invalidationIds()).containsExactly(reply.getInvalidationId());
    assertThat(heard.kind()).isEqualTo(InvalidationKind.UNMAP);
    assertThat(heard.start()).isEqualTo(BASE);
    assertThat(heard.end()).isEqualTo(BASE + 4 * PAGE);
    assertThat(agent.read(space, BASE, 8, generation).outcome())
        .isEqualTo(DmaReply.Outcome.STALE_PAGE);
    assertThat(host.runtime().pool().available()).isEqualTo(host.runtime().pool().total());
  }
}
