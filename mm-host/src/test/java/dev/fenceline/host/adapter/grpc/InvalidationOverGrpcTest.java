package dev.fenceline.host.adapter.grpc;

import static dev.fenceline.host.adapter.grpc.HostUnderTest.BASE;
import static dev.fenceline.host.adapter.grpc.HostUnderTest.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.common.v1.NotificationMode;
import dev.fenceline.common.v1.WaitPolicy;
import dev.fenceline.model.Access;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.InvalidationKind;
import dev.fenceline.space.v1.DestroySpaceRequest;
import dev.fenceline.space.v1.InvalidateRequest;
import dev.fenceline.space.v1.OperationReply;
import dev.fenceline.space.v1.SetNotificationModeRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
    host = HostUnderTest.start(1024);
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

  @Test
  void tryWhileADeviceDrains_backsOff_andTheNextTrySucceedsWithoutWaiting() {
    agent.acknowledging(false);
    int generation = agent.fault(1, BASE, 1, Access.WRITE).runs().get(0).generation();
    agent.write(space, BASE, new byte[] {1, 2, 3}, generation);
    OperationReply first = unmap(1, WaitPolicy.Mode.MODE_TRY);
    assertThat(first.getOutcome()).isEqualTo(OperationReply.Outcome.OUTCOME_BACKED_OFF);

    agent.acknowledge(agent.awaitInvalidate());
    // The acknowledgement is in when the fault behind it on the stream is answered.
    HostMessage.FaultReply again = agent.fault(1, BASE, 1, Access.READ);
    assertThat(again.runs().get(0).generation()).isNotEqualTo(generation);
    assertThat(agent.read(space, BASE, 3, again.runs().get(0).generation()).data())
        .containsExactly(1, 2, 3);

    agent.acknowledging(true);
    HostUnderTest.await(
        "a try that need not wait",
        () ->
            unmap(1, WaitPolicy.Mode.MODE_TRY).getOutcome() == OperationReply.Outcome.OUTCOME_DONE);
  }

  @Test
  void secondTry_afterTheAck_doesNotWaitAtAll() {
    agent.acknowledging(false);
    agent.fault(1, BASE, 1, Access.WRITE);
    assertThat(unmap(1, WaitPolicy.Mode.MODE_TRY).getOutcome())
        .isEqualTo(OperationReply.Outcome.OUTCOME_BACKED_OFF);
    agent.acknowledge(agent.awaitInvalidate());
    agent.mirror(2, space, 0, BASE, 1); // behind the acknowledgement on the same stream
    OperationReply second = unmap(1, WaitPolicy.Mode.MODE_TRY);
    assertThat(second.getOutcome()).isEqualTo(OperationReply.Outcome.OUTCOME_DONE);
    assertThat(second.getFencesWaited()).isZero();
  }

  @Test
  void deadline_backsOffWhenItHasPassed() {
    agent.acknowledging(false);
    agent.fault(1, BASE, 1, Access.WRITE);
    OperationReply reply =
        host.spaces()
            .unmap(
                HostUnderTest.unmap(space, 1, WaitPolicy.Mode.MODE_DEADLINE).toBuilder()
                    .setWait(
                        WaitPolicy.newBuilder()
                            .setMode(WaitPolicy.Mode.MODE_DEADLINE)
                            .setDeadlineNanos(30_000_000))
                    .build());
    assertThat(reply.getOutcome()).isEqualTo(OperationReply.Outcome.OUTCOME_BACKED_OFF);
    assertThat(reply.getScheduleNanos() + reply.getUnmapNanos() + reply.getWaitNanos())
        .isGreaterThanOrEqualTo(25_000_000);
  }

  @Test
  void faultDuringAnInvalidation_parks_andIsServedBehindIt() {
    agent.acknowledging(false);
    agent.fault(1, BASE, 1, Access.WRITE);
    var invalidated =
        host.spacesLater()
            .invalidate(
                InvalidateRequest.newBuilder()
                    .setSpaceId(space)
                    .setAddress(BASE)
                    .setLength(PAGE)
                    .build());
    HostMessage.Invalidate heard = agent.awaitInvalidate();
    long parked = agent.faultLater(1, BASE, 1, Access.WRITE);
    agent.fault(1, BASE + PAGE, 1, Access.WRITE); // answered, although it came later
    assertThat(agent.received())
        .noneMatch(m -> m instanceof HostMessage.FaultReply reply && reply.faultId() == parked);
    agent.acknowledge(heard);
    HostMessage.FaultReply served =
        agent.await(HostMessage.FaultReply.class, reply -> reply.faultId() == parked);
    assertThat(served.sequence()).isGreaterThanOrEqualTo(heard.sequence());
    HostUnderTest.await("the end of the invalidation", invalidated::isDone);
  }

  @Test
  void sequentialMode_tellsOneDeviceAfterTheOther() {
    host.spaces()
        .setNotificationMode(
            SetNotificationModeRequest.newBuilder()
                .setSpaceId(space)
                .setNotificationMode(NotificationMode.NOTIFICATION_MODE_SEQUENTIAL)
                .build());
    try (FakeAgent second = new FakeAgent(host, "agent-2", 22)) {
      second.attach();
      second.mirror(1, space, 0, BASE, 16);
      agent.acknowledging(false).fault(1, BASE, 1, Access.READ);
      second.acknowledging(false).fault(1, BASE, 1, Access.READ);
      var unmap =
          host.spacesLater().unmap(HostUnderTest.unmap(space, 1, WaitPolicy.Mode.MODE_BLOCK));
      HostMessage.Invalidate first = agent.awaitInvalidate();
      assertThat(second.received()).noneMatch(HostMessage.Invalidate.class::isInstance);
      agent.acknowledge(first);
      second.acknowledge(second.awaitInvalidate());
      HostUnderTest.await("the end of the unmap", unmap::isDone);
    }
  }

  @Test
  void oneAgentWithManyDevices_hearsOneMessage() {
    try (FakeAgent many = new FakeAgent(host, "many", 5, 4)) {
      many.attach();
      for (int device = 0; device < 4; device++) {
        many.mirror(device, space, device, BASE, 16);
        many.fault(device, BASE, 1, Access.READ);
      }
      OperationReply reply = unmap(1, WaitPolicy.Mode.MODE_BLOCK);
      assertThat(reply.getFencesWaited()).isEqualTo(4);
      assertThat(many.received()).filteredOn(HostMessage.Invalidate.class::isInstance).hasSize(1);
    }
  }

  @Test
  void destroyedSpace_isReleasedOnce_andItsMirrorIdsAreFree() {
    agent.fault(1, BASE, 4, Access.WRITE);
    host.spaces().destroySpace(DestroySpaceRequest.newBuilder().setSpaceId(space).build());
    agent.await(HostMessage.SpaceReleased.class, released -> released.spaceId() == space);
    assertThat(agent.awaitInvalidate().kind()).isEqualTo(InvalidationKind.RELEASE);
    assertThat(host.runtime().pool().available()).isEqualTo(host.runtime().pool().total());
    long next = host.createSpace();
    host.map(next, 1);
    agent.received().clear();
    agent.mirror(1, next, 0, BASE, 1);
  }

  private OperationReply unmap(int pages, WaitPolicy.Mode mode) {
    return host.spaces().unmap(HostUnderTest.unmap(space, pages, mode));
  }
}
